"""What tracking, feedback, log and statistics need of the outside, as Protocols."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from chalicelib.domain.activity import Mark
from chalicelib.domain.events import FeedbackEvent, Unreadable
from chalicelib.domain.ids import Place
from chalicelib.domain.ledger import Segment
from chalicelib.domain.log import Action, LogDetails, LogEntry
from chalicelib.domain.message import Link
from chalicelib.domain.records import MassEmail, TargetType
from chalicelib.domain.runs import Run
from chalicelib.domain.stats import Numbers
from chalicelib.domain.touches import Touch


class ActivityStore(Protocol):
    """The marks beside the segments."""

    def mark(self, place: Place, *marks: Mark) -> None:
        """Put these marks on the recipient; those that are there stay."""
        ...


class LogWriter(Protocol):
    """Adds to the log. Every row has a key of its own, so writing it again changes nothing."""

    def touched(self, place: Place, touch: Touch, details: LogDetails) -> bool:
        """Note an open or a click, and its rows in the log, in one transaction.

        Answers whether it was kept: of each recipient at most :data:`chalicelib.domain.touches.MAX_TOUCHES` of a kind are.
        """
        ...

    def happened(
        self, place: Place, action: Action, at: datetime, details: LogDetails, *, renewed: bool = False
    ) -> None:
        """Add what happens once to a recipient; of several the earliest stays. ``renewed`` ones all stay."""
        ...

    def last_wish(self, place: Place) -> Action | None:
        """Whether the recipient's last line says Opted Out or Opted In; None: they said neither."""
        ...

    def lead_created(self, campaign_id: str, lead_id: str, at: datetime) -> None:
        """Add that a lead came of the campaign."""
        ...


class PlanNotes(Protocol):
    """Changes of preferences that were begun and not ended, one for each recipient."""

    def begun(self, place: Place) -> Mapping[str, Any] | None:
        """What is not ended, as it was noted."""
        ...

    def begin(self, place: Place, note: Mapping[str, Any], at: datetime) -> None:
        """Note what is about to be done, in place of what was noted; kept for a week."""
        ...

    def done(self, place: Place, note: Mapping[str, Any]) -> None:
        """It is ended: forget this note, and no other."""
        ...


class LogReader(Protocol):
    """Reads the log; a second old at worst (the index follows the rows)."""

    def newest(
        self, scopes: Iterable[tuple[str, Action]], *, before: str | None, expected: int
    ) -> Iterator[LogEntry]:
        """All entries of these scopes (a mass email's base, a campaign's id) and actions, newest first.

        ``before``: only those that come after the entry with this ``order``. ``expected``: about how many will be taken.
        """
        ...

    def of_places(self, places: Collection[Place]) -> Sequence[LogEntry]:
        """All entries of these recipients, in no order."""
        ...

    def of_lead(self, lead_id: str) -> Sequence[tuple[str, LogEntry]]:
        """(campaign id, entry) of a lead's creation."""
        ...

    def places_of(self, target_type: TargetType, target_id: str) -> Sequence[Place]:
        """Of which mass emails this person is a recipient, tests left out."""
        ...

    def last_delivery(self, places: Collection[Place]) -> datetime | None:
        """When the last of these messages was delivered; None when none was."""
        ...

    def leads_created(self, campaign_id: str) -> int:
        """How many leads came of the campaign."""
        ...


class EventStore(Protocol):
    """What came in from SES."""

    def keep(self, event: FeedbackEvent, *, matched: bool, now: datetime) -> None:
        """Keep the raw event, for as long as raw events are kept."""
        ...

    def keep_unreadable(self, unreadable: Unreadable, *, now: datetime) -> None:
        """Keep what is no event."""
        ...

    def stream_is_alive(self, at: datetime) -> None:
        """Note that a Send event of a message of ours came in; at most once a minute from each process."""
        ...


class MassEmailFinder(Protocol):
    """Mass emails by what links and events know of them, deleted ones included."""

    def by_base(self, base: str) -> MassEmail | None:
        """The mass email that owns this base."""
        ...

    def by_bases(self, bases: Collection[str]) -> Mapping[str, MassEmail]:
        """The mass emails that own these bases."""
        ...

    def id_of_base(self, base: str) -> str | None:
        """Only its id; known for good once found."""
        ...

    def of_campaign(self, campaign_id: str) -> Sequence[MassEmail]:
        """All mass emails that a campaign ever had, oldest first."""
        ...


class Links(Protocol):
    """What a link in a message leads to."""

    def link(self, place: Place, index: int) -> Link | None:
        """The link with this index, with its tracking URL's latest values; cached for a minute."""
        ...


class Segments(Protocol):
    """The part of the ledger that is only read here."""

    def read(self, base: str, numbers: Collection[int]) -> Iterator[Segment]:
        """Whole segments, in the order of their numbers."""
        ...

    def progress(self, base: str, numbers: Collection[int]) -> Iterator[Segment]:
        """The same without the members (empty)."""
        ...


class RunReader(Protocol):
    """How many recipients a mass email has, and its links."""

    def get(self, mass_email_id: str) -> Run:
        """The run; a new one where nothing is stored."""
        ...

    def links(self, mass_email_id: str) -> Sequence[Link]:
        """The table of links."""
        ...


class NumbersCache(Protocol):
    """Sums of large mass emails, kept for a while."""

    def get(self, mass_email_id: str) -> tuple[Numbers, datetime] | None:
        """The sums and when they were made."""
        ...

    def put(self, mass_email_id: str, numbers: Numbers, at: datetime) -> None:
        """Keep them."""
        ...


class OptOuts(Protocol):
    """Opts an address in and out, on the address row and on every membership of every record with this address."""

    def leave(
        self, address_key: str, *, everything: bool, list_ids: Collection[str], reason: str, at: datetime
    ) -> None:
        """Opt out of everything and/or of these lists."""
        ...

    def rejoin(self, address_key: str, *, everything: bool, list_ids: Collection[str], at: datetime) -> None:
        """The reverse, for just this set."""
        ...
