"""What freezing and sending need of the outside, as Protocols."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from chalicelib.domain.ids import Place
from chalicelib.domain.ledger import Chunk, Member, Segment
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.message import Link, MessageSource
from chalicelib.domain.ports_account import AccountState
from chalicelib.domain.records import (
    AddressFlags,
    CampaignStatus,
    CampaignType,
    MassEmail,
    StatusReason,
    TargetType,
)
from chalicelib.domain.runs import Plan, Run


class Overtaken(Exception):
    """Somebody else wrote first; read again."""


@dataclass(frozen=True)
class Opened:
    """All that decides about one chunk before its people are read; one request."""

    mass_email: MassEmail | None
    campaign_status: CampaignStatus | None
    campaign_type: CampaignType | None
    segment: Segment
    account: AccountState
    flags: Mapping[str, AddressFlags | None] = field(default_factory=dict)  # as asked for; None: no row

    @property
    def informational(self) -> bool:
        """Whether opting out does not hold it back."""
        return self.campaign_type is CampaignType.INFORMATIONAL


class Ledger(Protocol):
    """The segments. ``base`` is the first 11 digits of a mass email's id."""

    def open(
        self, mass_email_id: str, campaign_id: str | None, number: int, address_keys: Collection[str] = ()
    ) -> Opened:
        """One segment with all that decides about its chunks, and these address rows; consistent."""
        ...

    def members(self, base: str, numbers: Collection[int]) -> Mapping[int, Sequence[Member]]:
        """The members of these segments."""
        ...

    def read(self, base: str, numbers: Collection[int]) -> Iterator[Segment]:
        """Whole segments, in the order of their numbers; consistent."""
        ...

    def progress(self, base: str, numbers: Collection[int]) -> Iterator[Segment]:
        """The same without the members (empty): chunks and activity."""
        ...

    def advance(
        self, base: str, number: int, before: Chunk, after: Chunk, *, children: Iterable[Chunk] = ()
    ) -> None:
        """Replace a chunk and add its children, on condition that it still is as ``before``.

        Newly Sent positions get their row in the log in the same transaction.

        Raises:
            Overtaken: It is not.
        """
        ...

    def add_chunk(self, base: str, number: int, chunk: Chunk) -> bool:
        """Store a chunk that waits, unless one of its name is there; answers whether it was stored."""
        ...

    def add_test(self, base: str, members: Sequence[Member]) -> int:
        """Write a segment of Send Test's; answers its number."""
        ...

    def last_test(self, base: str) -> int:
        """The number of the last segment of Send Test's; ``TEST_SEGMENTS_FROM`` where there is none."""
        ...

    def witness(self, base: str, number: int, accepted: Mapping[int, str | None]) -> None:
        """Note that SES took these positions' messages (message ids where known), whatever their chunk says."""
        ...

    def refused_alone(self, mass_email_id: str, place: Place, text: str) -> bool:
        """Note what SES said when it refused this recipient alone; answers whether it said just that of another before."""
        ...

    def settle(self, base: str, number: int, positions: Collection[int], *, sent: bool) -> None:
        """Note a person's decision on positions that are Unknown."""
        ...

    def unsettle(self, base: str, number: int, positions: Collection[int]) -> None:
        """Forget a person's decisions on these positions: they are sent again."""
        ...

    def forget(self, place: Place) -> None:
        """Take the address out of a recipient's entry, and what was kept of the message; the keyed hash stays."""
        ...

    def store_copy(
        self, base: str, number: int, name: str, copies: Mapping[int, Mapping[str, object]]
    ) -> None:
        """Keep each recipient's own part of the message (``storeSentEmails``), under the name of one claim."""
        ...

    def copy_of(self, place: Place, name: str) -> Mapping[str, object] | None:
        """What was kept for this recipient under the name of a claim (``Chunk.copy``)."""
        ...


@dataclass(frozen=True)
class StoredTally:
    """Recipients by status as once counted; ``version`` is moved on by evidence that comes late, ``at`` is None then."""

    counts: Mapping[str, int] = field(default_factory=dict)
    at: datetime | None = None
    version: int = 0


@dataclass(frozen=True)
class LeftOutEntry:
    """One membership that made no recipient."""

    target_type: TargetType
    target_id: str
    list_index: int
    reason: str


class Runs(Protocol):
    """Progress, plans, frozen messages."""

    def get(self, mass_email_id: str) -> Run:
        """The run; a new one where nothing is stored."""
        ...

    def get_many(self, mass_email_ids: Collection[str]) -> Mapping[str, Run]:
        """The runs of these mass emails; new ones where nothing is stored."""
        ...

    def with_plan(self, mass_email_id: str, plan_id: str) -> tuple[Run, Plan | None]:
        """The run and one of its plans, in one request."""
        ...

    def save(self, run: Run) -> Run:
        """Store on condition of ``run.rev``; answers it with the next ``rev``.

        Raises:
            Overtaken: Somebody else wrote first.
        """
        ...

    def write_step(
        self, run: Run, segments: Mapping[int, Sequence[Member]], left_out: Sequence[LeftOutEntry]
    ) -> Run:
        """Segments, left-out entries and the run itself in one transaction.

        Raises:
            Overtaken: Somebody else wrote first; nothing was written.
        """
        ...

    def write_pointers(self, mass_email_id: str, segments: Mapping[int, Sequence[Member]]) -> None:
        """What was this person sent: one row per recipient, always the same for the same segment."""
        ...

    def take_back(self, mass_email_id: str, number: int, members: Sequence[Member]) -> None:
        """Remove a segment that was never released, pointers first; again changes nothing."""
        ...

    def left_out(self, run: Run, page: int) -> Sequence[LeftOutEntry]:
        """Who was left out of the last freeze, in its order; the pages are numbered from 0 to ``run.left_pages - 1``."""
        ...

    def put_message(self, mass_email_id: str, version: int, source: MessageSource) -> None:
        """Store a frozen message, which never changes afterwards.

        Raises:
            Overtaken: There is one of this version.
        """
        ...

    def message(self, mass_email_id: str, version: int) -> MessageSource:
        """A frozen message.

        Raises:
            NotFound: None of this version.
        """
        ...

    def links(self, mass_email_id: str) -> Sequence[Link]:
        """The table of links."""
        ...

    def append_links(self, mass_email_id: str, known: int, links: Sequence[Link]) -> None:
        """Store the table on condition that it had ``known`` links before.

        Raises:
            Overtaken: It had another number.
        """
        ...

    def plans(self, mass_email_id: str, plan_ids: Collection[str]) -> Sequence[Plan]:
        """These plans, oldest first."""
        ...

    def save_plan(self, plan: Plan) -> None:
        """Store a plan's progress."""
        ...

    def tally(self, mass_email_id: str) -> StoredTally:
        """As stored."""
        ...

    def store_tally(self, mass_email_id: str, tally: StoredTally) -> None:
        """Store, unless the version has moved on: then what was counted is stale already."""
        ...

    def disturb_tally(self, mass_email_id: str) -> None:
        """What was counted does not hold any more."""
        ...

    def put_retries(self, run: Run, retries: Sequence[tuple[int, ...]]) -> int:
        """Store the places that a retry sends again: (segment, position, position, …); answers over how many pages."""
        ...

    def retries(self, run: Run) -> Sequence[tuple[int, ...]]:
        """The places that wait for a retry's portion."""
        ...


class MassEmails(Protocol):
    """The records of mass emails, with their transitions."""

    def get(self, record_id: str) -> MassEmail:
        """The record.

        Raises:
            NotFound: No such mass email.
        """
        ...

    def find(self, record_id: str, *, deleted: bool = False) -> MassEmail | None:
        """The record or None."""
        ...

    def find_many(self, record_ids: Collection[str], *, deleted: bool = False) -> Mapping[str, MassEmail]:
        """Those that exist; ``deleted=True`` also finds what callers can no longer see."""
        ...

    def open_ids(self) -> Sequence[str]:
        """Those that the schedule must look at, oldest first."""
        ...

    def transition(
        self,
        mass_email_id: str,
        act: Act,
        *,
        at: datetime,
        reason: StatusReason | None = None,
        changes: Mapping[str, object] | None = None,
        known: MassEmail | None = None,
    ) -> MassEmail:
        """Carry out an act, with ``changes`` to fields (snake_case) in the same write.

        ``known`` is the record as read just now, which saves the reading: where it is stale it is read after all.

        Raises:
            Conflict: The act is not for its status.
        """
        ...

    def close(self, mass_email_id: str) -> None:
        """The schedule need not look at it any more."""
        ...
