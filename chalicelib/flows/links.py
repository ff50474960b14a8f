"""Where a link in a message leads: the frozen table of links, and the latest values of tracking URLs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib import logs
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import Place
from chalicelib.domain.message import Link
from chalicelib.domain.ports import Records
from chalicelib.domain.ports_log import MassEmailFinder, RunReader
from chalicelib.domain.records import TrackingUrl

FRESH_FOR = timedelta(seconds=60)
REMEMBERED = 1_000  # mass emails; their tables only grow, so what was read of one stays true


@dataclass(frozen=True)
class Links:
    """Fulfils ``domain.ports_log.Links``; keep one per process."""

    finder: MassEmailFinder
    runs: RunReader
    tracking_urls: Records[TrackingUrl]
    clock: Clock
    _tables: dict[str, Sequence[Link]] = field(default_factory=dict)
    _latest: dict[str, tuple[datetime, Link]] = field(default_factory=dict)

    def link(self, place: Place, index: int) -> Link | None:
        """The link with this index; None when the mass email has none such."""
        table = self._tables.get(place.base, ())
        if index >= len(table):
            table = self._read(place.base)
        if index >= len(table):
            return None
        frozen = table[index]
        return frozen if frozen.tracking_url_id is None else self._current(frozen, frozen.tracking_url_id)

    def _read(self, base: str) -> Sequence[Link]:
        mass_email_id = self.finder.id_of_base(base)
        if mass_email_id is None:
            return ()
        if len(self._tables) >= REMEMBERED:
            self._tables.clear()
        self._tables[base] = self.runs.links(mass_email_id)
        return self._tables[base]

    def _current(self, frozen: Link, tracking_url_id: str) -> Link:
        """What the author says now; a deleted tracking URL keeps its last values, so its links work on."""
        known = self._latest.get(tracking_url_id)
        if known is not None and self.clock.now() - known[0] < FRESH_FOR:
            return known[1]
        try:
            record = self.tracking_urls.find(tracking_url_id, deleted=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, the reader goes where the author last said
            logs.trouble("trackingUrlUnread", error, trackingUrlId=tracking_url_id)
            return known[1] if known else frozen
        if record is None:
            return frozen
        link = replace(frozen, action=record.action, url=record.url, message=record.message)
        if len(self._latest) >= REMEMBERED:
            self._latest.clear()
        self._latest[tracking_url_id] = (self.clock.now(), link)
        return link
