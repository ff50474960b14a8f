"""What one reader's templates can name, made only when it is named."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jinja2.utils import missing
from markupsafe import Markup, escape

from chalicelib.domain.message import Reader
from chalicelib.domain.public_tokens import KeyRing, PublicToken, TokenKind, sign
from chalicelib.domain.records import TargetType, UrlAction
from chalicelib.rendering.budget import Budget
from chalicelib.rendering.shared import Kind, Shared
from chalicelib.rendering.values import Empty, RecordView, View, label_of

# A picture of one transparent point, for previews: shown without asking anybody for it.
INERT_PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


class Scope:
    """One reader, one moment: looks names up, signs links, notes what printed empty, counts the work."""

    __slots__ = ("_found", "_links", "_ring", "at", "budget", "empty", "kind", "printed", "reader", "shared")

    def __init__(
        self, shared: Shared, constants: Mapping[str, Any], reader: Reader, at: datetime, ring: KeyRing
    ) -> None:
        self.shared = shared
        self.reader = reader
        self.at = at
        self.kind = Kind.SUBJECT
        self.budget = Budget()
        self.empty: dict[str, None] = {}
        self.printed: dict[str, str] = {}
        self._ring = ring
        self._links: dict[int, str | Empty] = {}
        self._found: dict[str, Any] = dict(constants)

    def find(self, name: str) -> Any:
        """What a template's name stands for; Jinja2's ``missing`` when it is none of ours."""
        value = self._found.get(name)
        if value is not None:
            return value
        make = NAMES.get(name)
        if make is None:
            return missing
        value = make(self)
        if name not in PRINTED_BY_KIND:
            self._found[name] = value
        return value

    def note(self, value: Empty) -> None:
        """Note that this emptiness was printed."""
        name = label_of(value)
        if name:
            self.empty[name] = None

    def record(self, name: str, *types: TargetType) -> RecordView | Empty:
        """The target under this name, if it is of one of these types."""
        reader = self.reader
        if reader.target_type not in types:
            return Empty(name=name)
        return RecordView(name, reader.target, self.account)

    def account(self, name: str) -> View | Empty:
        """The account itself, or the one that the contact belongs to."""
        reader = self.reader
        if reader.target_type is TargetType.ACCOUNT:
            return RecordView(name, reader.target)
        if reader.account is None:
            return Empty(name=name)
        return RecordView(name, reader.account)

    def opt_out_url(self) -> str | Empty:
        """Where this reader unsubscribes; nothing in an informational campaign, which nobody can leave."""
        return self._public_url("optOutUrl", "u", TokenKind.UNSUBSCRIBE)

    def preferences_url(self) -> str | Empty:
        """Where this reader chooses mailings; nothing in an informational campaign."""
        return self._public_url("preferencesUrl", "p", TokenKind.PREFERENCES)

    def opt_out_link(self) -> str | Empty:
        """The opt-out with its label: a link in HTML, label and URL in text."""
        url = self.find("optOutUrl")
        if isinstance(url, Empty):
            return Empty(name="optOutLink")
        label = self.shared.label
        if self.kind is Kind.HTML:
            return Markup('<a href="{}">{}</a>').format(url, label)
        return f"{label}: {url}"

    def pixel_url(self) -> str:
        """The picture whose loading counts as an open."""
        place = self.reader.place
        if place is None:
            return INERT_PIXEL
        token = sign(PublicToken(TokenKind.OPEN, place), self._ring)
        return f"{self.shared.source.base_url}/t/o/{token}"

    def tracking_url(self, link: object) -> str | Empty:
        """A tracked link, by a tracking URL's id or by its index in the table of links.

        Without tracking it is the destination itself; a message to show has no other place than our page.
        """
        index = link if isinstance(link, int) else self.shared.explicit.get(str(link), -1)
        made = self._links.get(index)
        if made is None:
            made = self._links[index] = self._tracking_url(link, index)
        return made

    def _tracking_url(self, link: object, index: int) -> str | Empty:
        source = self.shared.source
        if not 0 <= index < len(source.links):
            return Empty(name=f"trackingUrl:{link}")
        entry, place = source.links[index], self.reader.place
        if not source.is_tracked and entry.action is UrlAction.REDIRECT and entry.url:
            return entry.url
        if place is None:
            return f"{source.base_url}/preview#link-{index}"
        return f"{source.base_url}/t/c/{sign(PublicToken(TokenKind.CLICK, place, index), self._ring)}"

    def _public_url(self, name: str, path: str, kind: TokenKind) -> str | Empty:
        source, place = self.shared.source, self.reader.place
        if source.is_informational:
            return Empty(name=name)
        if place is None:
            return f"{source.base_url}/preview#{name}"
        return f"{source.base_url}/{path}/{sign(PublicToken(kind, place), self._ring)}"


def _attributes(scope: Scope) -> Any:
    data = scope.reader.target.get("attributes")
    return View("attributes", data if isinstance(data, Mapping) else {})


def _queue_item_id(scope: Scope) -> str:
    place = scope.reader.place
    return place.recipient_id if place else "0" * 17


_PERSONS = (TargetType.CONTACT, TargetType.LEAD, TargetType.USER)
PRINTED_BY_KIND = frozenset({"optOutLink"})

NAMES: Mapping[str, Callable[[Scope], Any]] = {
    "Parent": lambda scope: scope.record("Parent", *TargetType),
    "Person": lambda scope: scope.record("Person", *_PERSONS),
    "Contact": lambda scope: scope.record("Contact", TargetType.CONTACT),
    "Lead": lambda scope: scope.record("Lead", TargetType.LEAD),
    "User": lambda scope: scope.record("User", TargetType.USER),
    "Account": lambda scope: scope.account("Account"),
    "attributes": _attributes,
    "optOutUrl": Scope.opt_out_url,
    "optOutLink": Scope.opt_out_link,
    "preferencesUrl": Scope.preferences_url,
    "openPixelUrl": Scope.pixel_url,
    "trackingUrl": lambda scope: scope.tracking_url,
    "queueItemId": _queue_item_id,
    "today": lambda scope: scope.shared.formatting.date(scope.shared.formatting.local(scope.at)),
    "now": lambda scope: scope.shared.formatting.moment(scope.at),
    "currentYear": lambda scope: str(scope.shared.formatting.local(scope.at).year),
}


def as_html(value: str) -> str:
    """The text as HTML, untouched when it is markup."""
    return str(escape(value))
