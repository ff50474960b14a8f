"""Entries of the log joined with what is known today: the mass email, the person, what counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.domain.activity import NOTHING
from chalicelib.domain.addresses import normalised
from chalicelib.domain.ids import Place
from chalicelib.domain.ledger import Segment
from chalicelib.domain.log import LogEntry, LogRecord, record_of
from chalicelib.domain.ports_log import Segments
from chalicelib.domain.records import MassEmail
from chalicelib.domain.sent_lines import sent_by


@dataclass
class Join:
    """Joins entries with mass emails, and with people and activity, whose segments it reads as they are needed.

    ``campaigns`` is the campaign of all new leads, or that of each entry by its order.
    """

    segments: Segments
    mass_emails: Mapping[str, MassEmail]
    campaigns: str | Mapping[str, str] | None
    _read: dict[tuple[str, int], Segment] = field(default_factory=dict)
    _sent_by: dict[tuple[str, int], Mapping[int, str]] = field(default_factory=dict)

    def read(self, places: Iterable[Place]) -> None:
        """Read the segments of these recipients, those that are not known yet."""
        wanted: dict[str, set[int]] = {}
        for place in places:
            if (place.base, place.segment) not in self._read:
                wanted.setdefault(place.base, set()).add(place.segment)
        for base, numbers in wanted.items():
            for segment in self.segments.read(base, numbers):
                self._read[base, segment.number] = segment

    def address_at(self, place: Place) -> str | None:
        """The normalised address that a recipient's message went to, as far as it was read; None for the erased."""
        segment = self._read.get((place.base, place.segment))
        if segment is None or place.position >= len(segment.members):
            return None
        address = segment.members[place.position].email_address
        return normalised(address) if address else None

    def records(self, entries: Sequence[LogEntry]) -> list[LogRecord]:
        """The lines of these entries, without those that are not shown."""
        self.read(entry.place for entry in entries if entry.place)
        joined = (self._record(entry) for entry in entries)
        return [record for record in joined if record is not None]

    def _record(self, entry: LogEntry) -> LogRecord | None:
        if entry.place is None:
            campaign_id = (
                self.campaigns if isinstance(self.campaigns, str | None) else self.campaigns[entry.order]
            )
            return record_of(
                entry, campaign_id=campaign_id, mass_email_id=None, member=None, activity=NOTHING
            )
        mass_email = self.mass_emails.get(entry.place.base)
        segment = self._read.get((entry.place.base, entry.place.segment))
        known = segment is not None and entry.place.position < len(segment.members)
        return record_of(
            entry,
            campaign_id=mass_email.campaign_id if mass_email else None,
            mass_email_id=mass_email.id if mass_email else None,
            member=segment.members[entry.place.position] if segment is not None and known else None,
            activity=segment.activity if segment is not None else NOTHING,
            is_sent_line=self._is_sent_line(entry.place, entry.chunk),
        )

    def _is_sent_line(self, place: Place, chunk: str | None) -> bool:
        """Whether the row of this chunk tells that this recipient was sent their message."""
        key = (place.base, place.segment)
        if key not in self._sent_by:
            self._sent_by[key] = sent_by(self._read[key]) if key in self._read else {}
        return self._sent_by[key].get(place.position) == chunk
