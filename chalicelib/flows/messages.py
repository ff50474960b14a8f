"""What a mass email says: gathered from template, campaign and settings, frozen, compiled."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from chalicelib.domain.message import CompiledMessage, Link, MessageSource, Renderer
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.ports import Records, SettingsStore
from chalicelib.domain.ports_delivery import Overtaken, Runs
from chalicelib.domain.records import Campaign, EmailTemplate, MassEmail, TrackingUrl, UrlAction

CACHED = 8  # compiled messages that one process keeps


class CannotStart(Exception):
    """What a mass email needs is not there; ``code`` becomes its status reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Messages:
    """Builds and caches messages. ``public_url`` is the stage's own, empty when unknown."""

    runs: Runs
    renderer: Renderer
    templates: Records[EmailTemplate]
    campaigns: Records[Campaign]
    tracking_urls: Records[TrackingUrl]
    settings: SettingsStore
    public_url: Callable[[], str]
    cache: "OrderedDict[tuple[str, int], CompiledMessage]" = field(default_factory=OrderedDict)

    def source(
        self, mass_email: MassEmail, known: Sequence[Link] = (), campaign: Campaign | None = None
    ) -> MessageSource:
        """The message as it would be frozen now; ``known`` is the table of links so far, ``campaign`` its own, if just read.

        Raises:
            CannotStart: The template, the sender or the site's URL is missing.
            Invalid: The template does not compile.
        """
        settings = self.settings.get()
        template = self.templates.find(mass_email.email_template_id)
        if template is None:
            raise CannotStart("templateMissing", "its email template was deleted")
        campaign = campaign or self._campaign(mass_email)
        source = MessageSource(
            subject=template.subject,
            body=template.body,
            is_html=template.is_html,
            body_plain=template.body_plain,
            campaign_type=campaign.type if campaign else None,
            track_links=mass_email.track_links,
            open_tracking=settings.mass_email_open_tracking,
            mandatory_opt_out=not settings.mass_email_disable_mandatory_opt_out_link,
            language=settings.language,
            time_zone=settings.time_zone,
            date_format=settings.date_format,
            base_url=self._base_url(settings),
            from_address=_from_address(mass_email, settings),
            from_name=mass_email.from_name or settings.outbound_email_from_name,
            reply_to_address=mass_email.reply_to_address,
            reply_to_name=mass_email.reply_to_name,
            sender_postal_address=settings.sender_postal_address,
            campaign=_seen(campaign),
            mass_email={"id": mass_email.id, "name": mass_email.name},
        )
        ids = self.renderer.tracking_url_ids(source.body, source.body_plain)
        urls = {url_id: _link(url) for url_id, url in self.tracking_urls.find_many(ids).items()}
        return replace(source, links=tuple(self.renderer.links_of(source, known, urls)))

    def freeze(self, mass_email: MassEmail, campaign: Campaign | None = None) -> int:
        """Store the message as it is now; answers its version. ``campaign`` is its own, if just read.

        Raises:
            CannotStart: Something it needs is missing.
            Invalid: The template does not compile any more.
        """
        source = self._with_links(mass_email, campaign)
        self.renderer.compile(source)
        for version in count(mass_email.message_version + 1):
            try:
                self.runs.put_message(mass_email.id, version, source)
            except Overtaken:
                continue  # somebody else's start or resumption, or one that died: a stored version never changes
            return version
        raise AssertionError("there is always a next number")

    def fresh(self, mass_email: MassEmail) -> CompiledMessage:
        """The message as it is now, with links that work, but not stored: for Send Test.

        Raises:
            CannotStart, Invalid: As :meth:`freeze`.
        """
        return self.renderer.compile(self._with_links(mass_email))

    def _with_links(self, mass_email: MassEmail, campaign: Campaign | None = None) -> MessageSource:
        """Its source, whose links stand in the stored table; a table longer than any message needs harms nobody.

        Before the first freeze there is mostly no table yet, so it is not asked for until one turns out to be there.
        """
        known = self.runs.links(mass_email.id) if mass_email.message_version else ()
        while True:
            source = self.source(mass_email, known, campaign)
            if len(source.links) == len(known):
                return source
            try:
                self.runs.append_links(mass_email.id, len(known), source.links)
            except Overtaken:
                known = self.runs.links(mass_email.id)
                continue
            return source

    def compiled(self, mass_email_id: str, version: int) -> CompiledMessage:
        """The frozen message of this version, compiled once per process."""
        cached = self.cache.get((mass_email_id, version))
        if cached is None:
            cached = self.renderer.compile(self.runs.message(mass_email_id, version))
            self.cache[mass_email_id, version] = cached
            if len(self.cache) > CACHED:
                self.cache.popitem(last=False)
        return cached

    def _campaign(self, mass_email: MassEmail) -> Campaign | None:
        if mass_email.campaign_id is None:
            return None
        return self.campaigns.find(mass_email.campaign_id, deleted=True)

    def _base_url(self, settings: OrgSettings) -> str:
        base = (settings.mass_email_site_url or self.public_url()).rstrip("/")
        if not base:
            raise CannotStart("noSiteUrl", "neither massEmailSiteUrl nor the stage's own URL is known")
        return base


def _from_address(mass_email: MassEmail, settings: OrgSettings) -> str:
    address = mass_email.from_address or settings.outbound_email_from_address
    if not address:
        raise CannotStart("noSender", "neither fromAddress nor outboundEmailFromAddress is set")
    return address


def _seen(campaign: Campaign | None) -> Mapping[str, object]:
    """What templates see as ``campaign``."""
    if campaign is None:
        return {}
    return {
        "id": campaign.id,
        "name": campaign.name,
        "type": str(campaign.type),
        "description": campaign.description,
    }


def _link(url: TrackingUrl) -> Link:
    return Link(
        action=UrlAction(url.action),
        url=url.url,
        message=url.message,
        tracking_url_id=url.id,
    )
