"""What a message is made of, before and after rendering."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.domain.ids import Place
from chalicelib.domain.records import CampaignType, TargetType, TrackLinks, UrlAction
from chalicelib.domain.sending import SesTemplate


@dataclass(frozen=True)
class Link:
    """A link whose clicks are counted; its place in the mass email's table is what the token carries.

    The table only grows: a link keeps its index for good. ``tracking_url_id`` is None for links found by ``trackLinks: all``.
    """

    action: UrlAction
    url: str | None
    message: str | None = None
    tracking_url_id: str | None = None


@dataclass(frozen=True)
class MessageSource:
    """All that decides what a mass email says, frozen together; the recipients' own data comes later.

    ``base_url`` has no trailing slash. ``links`` is the table of links; ``explicit`` maps a tracking URL's id to its index.
    ``campaign`` and ``mass_email`` are what templates see under these names.
    """

    subject: str
    body: str
    is_html: bool
    body_plain: str | None
    campaign_type: CampaignType | None  # None: without a campaign
    track_links: TrackLinks
    open_tracking: bool
    mandatory_opt_out: bool
    language: str
    time_zone: str
    date_format: str
    base_url: str
    from_address: str
    from_name: str | None
    reply_to_address: str | None
    reply_to_name: str | None
    sender_postal_address: str | None
    campaign: Mapping[str, object]
    mass_email: Mapping[str, object]
    links: Sequence[Link] = ()

    @property
    def is_informational(self) -> bool:
        """Sent whatever the reader opted out of; no opt-out, no tracking (checklist rows 28, 49, 55, 61)."""
        return self.campaign_type is CampaignType.INFORMATIONAL

    @property
    def is_tracked(self) -> bool:
        """Links and opens are tracked only within a campaign that is not informational (rows 9, 61, 63)."""
        return self.campaign_type is not None and not self.is_informational


@dataclass(frozen=True)
class Reader:
    """One recipient as rendering sees them.

    ``target`` has camelCase keys as in the API, ``attributes`` among them; ``account`` is the linked account of a contact,
    in the same form. ``place`` is None for an inert preview.
    """

    target_type: TargetType
    target: Mapping[str, object]
    account: Mapping[str, object] | None
    email_address: str
    place: Place | None


@dataclass(frozen=True)
class Personal:
    """What one reader gets beyond the common part: values for the SES template's names, and own headers."""

    data: Mapping[str, str]
    headers: Mapping[str, str]
    empty_fields: Sequence[str] = ()


@dataclass(frozen=True)
class FullMessage:
    """What lands in the inbox, whole."""

    subject: str
    html: str | None
    text: str
    headers: Mapping[str, str]
    from_header: str
    reply_to: Sequence[str]
    empty_fields: Sequence[str] = ()


class RenderError(Exception):
    """A template failed on one recipient's data; the message names the line, never the data."""


class CompiledMessage(Protocol):
    """A mass email's message, ready to be made personal."""

    @property
    def template(self) -> SesTemplate:
        """The common part."""
        ...

    @property
    def default_data(self) -> Mapping[str, str]:
        """Values that every entry shares (static parts that SES would misread)."""
        ...

    @property
    def from_header(self) -> str:
        """From, ready for SES."""
        ...

    @property
    def reply_to(self) -> Sequence[str]:
        """Reply-To, ready for SES; empty for none."""
        ...

    @property
    def target_fields(self) -> Mapping[TargetType, frozenset[str]]:
        """The camelCase fields of a target that this message reads, by type (``attributes`` as one)."""
        ...

    @property
    def account_fields(self) -> frozenset[str]:
        """The fields of a contact's linked account that this message reads; empty: the account need not be read."""
        ...

    def personal(self, reader: Reader, *, at: datetime) -> Personal:
        """Render what differs for this reader.

        Raises:
            RenderError: The template fails on this reader's data, or its result exceeds a limit.
        """
        ...

    def whole(self, personal: Personal) -> FullMessage:
        """Put the message together as SES will: the same code serves preview, test and stored copy."""
        ...


class Renderer(Protocol):
    """Compiles messages and checks templates."""

    def links_of(
        self, source: MessageSource, known: Sequence[Link], tracking_urls: Mapping[str, Link]
    ) -> Sequence[Link]:
        """The table of links: ``known`` as it stands, then what this source's text uses and is not in it yet.

        ``tracking_urls`` are the tracking URLs that the text may name, by id.
        """
        ...

    def compile(self, source: MessageSource) -> CompiledMessage:
        """Compile the source.

        Raises:
            chalicelib.errors.Invalid: It does not compile; names the field (``subject``, ``body``, ``bodyPlain``) and the line.
        """
        ...

    def check(self, subject: str, body: str, body_plain: str | None, *, is_html: bool) -> None:
        """Refuse on save what can be seen to be wrong.

        Raises:
            chalicelib.errors.Invalid: Names the field and the line.
        """
        ...

    def tracking_url_ids(self, body: str, body_plain: str | None) -> frozenset[str]:
        """The ids that the text names as ``{trackingUrl:ID}``."""
        ...
