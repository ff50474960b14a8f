"""Unsubscribing from a mailing, and coming back: for all records with the reader's address, until they say otherwise.

What is left is always the same set: the mass email's lists that the address is on, and everything if the mass email says so.
Success is told only once it is in the table or in the queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib import logs
from chalicelib.domain.activity import Mark
from chalicelib.domain.clock import Clock, parse_rfc3339, rfc3339
from chalicelib.domain.ids import Place
from chalicelib.domain.log import NO_DETAILS, Action
from chalicelib.domain.ports_jobs import Outbox
from chalicelib.domain.ports_log import ActivityStore, LogWriter, OptOuts
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.domain.standing import Standing
from chalicelib.errors import Deferred, NotFound
from chalicelib.flows.readers import Reader, Readers

JOB_KIND = "tracked"  # as all that readers did and could not be noted at once
REASON = "unsubscribed"  # kept with the address
RETRY_AFTER = 30  # seconds until a reader should try again, when neither table nor queue answer


class Wish(StrEnum):
    """What the reader asked for."""

    LEAVE = "leave"
    REJOIN = "rejoin"


@dataclass(frozen=True)
class Unsubscribe:
    """The unsubscribe page's three verbs."""

    clock: Clock
    readers: Readers
    opt_outs: OptOuts
    activity: ActivityStore
    log: LogWriter
    outbox: Outbox

    def standing(self, place: Place) -> Standing:
        """How the reader stands; changes nothing.

        Raises:
            NotFound: No such recipient, or of an informational mailing, which nobody can leave.
        """
        return self.readers.read(place).standing

    def leave(self, place: Place) -> Standing:
        """Unsubscribe; again changes nothing.

        Raises:
            NotFound: As :meth:`standing`.
            Deferred: Neither table nor queue took it.
        """
        return self._granted(place, Wish.LEAVE, Standing.LEFT)

    def rejoin(self, place: Place) -> Standing:
        """Subscribe again to what :meth:`leave` left.

        Raises:
            NotFound: As :meth:`standing`.
            Deferred: Neither table nor queue took it.
        """
        return self._granted(place, Wish.REJOIN, Standing.SUBSCRIBED)

    def replay(self, message: Mapping[str, Any]) -> None:
        """Do what the jobs queue kept; the same message twice changes nothing.

        Raises:
            UnreadableMessage: Not a message of this flow.
        """
        try:
            place, wish = Place.of(message["recipientId"]), Wish(message["wish"])
            at = parse_rfc3339(message["at"])
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableMessage("an unsubscribe message lacks a field") from error
        try:
            self._do(place, wish, at)
        except NotFound:
            return  # nobody can leave an informational mailing

    def _granted(self, place: Place, wish: Wish, hoped: Standing) -> Standing:
        at = self.clock.now()
        try:
            return self._do(place, wish, at)
        except NotFound:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the wish must not be lost
            logs.trouble("wishDeferred", error, recipientId=place.recipient_id, wish=wish)
            self._defer(place, wish, at)
            return hoped

    def _defer(self, place: Place, wish: Wish, at: datetime) -> None:
        message = {"kind": JOB_KIND, "recipientId": place.recipient_id, "wish": wish, "at": rfc3339(at)}
        try:
            self.outbox.job(message)
        except Exception as error:
            raise Deferred("this could not be saved; please try again", retry_after=RETRY_AFTER) from error

    def _do(self, place: Place, wish: Wish, at: datetime) -> Standing:
        reader = self.readers.read(place)
        if wish is Wish.LEAVE:
            return self._leave(reader, at)
        return self._rejoin(reader, at)

    def _leave(self, reader: Reader, at: datetime) -> Standing:
        if reader.member.email_address is None or reader.flags.erased:
            return Standing.GONE
        # By the log, not by how they stand: whoever died here before may have left them, and not said so.
        renewed = reader.did(Mark.OPTED_IN) and self.log.last_wish(reader.place) is Action.OPTED_IN
        self.opt_outs.leave(
            reader.member.address_key,
            everything=reader.everything,
            list_ids=reader.list_ids,
            reason=REASON,
            at=at,
        )
        self._note(reader.place, Mark.OPTED_OUT, Action.OPTED_OUT, at, renewed=renewed)
        return Standing.LEFT if reader.everything or not reader.flags.opt_out else Standing.GONE

    def _rejoin(self, reader: Reader, at: datetime) -> Standing:
        if reader.standing is Standing.GONE:
            return Standing.GONE
        was_left = reader.standing is Standing.LEFT
        self.opt_outs.rejoin(
            reader.member.address_key, everything=reader.everything, list_ids=reader.list_ids, at=at
        )
        if was_left or self._is_unsaid(reader):
            renewed = reader.did(Mark.OPTED_IN)
            self._note(reader.place, Mark.OPTED_IN, Action.OPTED_IN, at, renewed=renewed)
        return Standing.SUBSCRIBED

    def _is_unsaid(self, reader: Reader) -> bool:
        """After a crash the flags may say that nothing is left to undo, while the log does not say so yet."""
        if not reader.did(Mark.OPTED_OUT):
            return False
        return not reader.did(Mark.OPTED_IN) or self.log.last_wish(reader.place) is Action.OPTED_OUT

    def _note(self, place: Place, mark: Mark, action: Action, at: datetime, *, renewed: bool) -> None:
        """The first is counted; changes of mind after it are kept in the log, for they are what holds.

        The mark comes last: where it is missing, whoever tries again knows that the line may be missing too.
        """
        self.log.happened(place, action, at, NO_DETAILS, renewed=renewed)
        self.activity.mark(place, mark)
