"""Opens and clicks: who came, noted in one request; and a reader is never punished for our trouble.

What cannot be noted goes to the jobs queue, and what not even the queue takes is lost rather than shown to the reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib import logs
from chalicelib.domain.clock import Clock, parse_rfc3339, rfc3339
from chalicelib.domain.ids import Place
from chalicelib.domain.log import MAX_USER_AGENT, LogDetails
from chalicelib.domain.message import Link
from chalicelib.domain.ports import SettingsStore
from chalicelib.domain.ports_jobs import Outbox
from chalicelib.domain.ports_log import Links, LogWriter
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.domain.touches import Touch, touch_at

JOB_KIND = "tracked"


@dataclass(frozen=True)
class Visit:
    """Who asked: the request's own agent, and whether it gives away a machine (``domain/machines.py``)."""

    user_agent: str
    is_machine: bool


@dataclass(frozen=True)
class Tracking:
    """Notes opens and clicks."""

    clock: Clock
    links: Links
    log: LogWriter
    settings: SettingsStore
    outbox: Outbox

    def opened(self, place: Place, visit: Visit) -> None:
        """The pixel was loaded; never raises."""
        self._note(place, touch_at(self.clock.now(), machine=visit.is_machine), visit)

    def destination(self, place: Place, index: int) -> Link | None:
        """Where the link leads; None when there is no such link."""
        return self.links.link(place, index)

    def clicked(self, place: Place, index: int, visit: Visit) -> None:
        """A link was followed; never raises."""
        self._note(place, touch_at(self.clock.now(), link=index, machine=visit.is_machine), visit)

    def replay(self, message: Mapping[str, Any]) -> None:
        """Note what the jobs queue kept; the same message twice changes nothing.

        Raises:
            UnreadableMessage: Not a message of :meth:`opened` or :meth:`clicked`.
        """
        try:
            place = Place.of(message["recipientId"])
            touch = touch_at(
                parse_rfc3339(message["at"]), link=int(message["link"]), machine=bool(message["isMachine"])
            )
            user_agent = str(message["userAgent"])
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableMessage("a tracked message lacks a field") from error
        self._store(place, touch, user_agent)

    def _note(self, place: Place, touch: Touch, visit: Visit) -> None:
        user_agent = visit.user_agent[:MAX_USER_AGENT]
        try:
            self._store(place, touch, user_agent)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is ours and not the reader's
            logs.trouble("touchDeferred", error, recipientId=place.recipient_id)
            self._defer(place, touch, user_agent)

    def _store(self, place: Place, touch: Touch, user_agent: str) -> None:
        details = LogDetails(user_agent=user_agent)
        if touch.is_click:
            link = self.links.link(place, touch.link)
            if link is None:
                return
            details = LogDetails(user_agent=user_agent, tracking_url_id=link.tracking_url_id, url=link.url)
            if not touch.machine and self.settings.get().mass_email_open_tracking:
                touch = Touch(touch.milliseconds, touch.link, implies_open=True)
        if not self.log.touched(place, touch, details):
            logs.event("touchesFull", recipientId=place.recipient_id)

    def _defer(self, place: Place, touch: Touch, user_agent: str) -> None:
        message = {
            "kind": JOB_KIND,
            "recipientId": place.recipient_id,
            "at": rfc3339(touch.at),
            "link": touch.link,
            "isMachine": touch.machine,
            "userAgent": user_agent,
        }
        try:
            self.outbox.job(message)
        except Exception as error:  # noqa: BLE001 - as above
            logs.trouble("touchLost", error, recipientId=place.recipient_id)
