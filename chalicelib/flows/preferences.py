"""Preferences: which lists a reader stays on, for all records with their address, reached from any message they got.

Success is told only once it is in the table or in the queue. A plan is noted before it is begun and done as planned, by whoever
comes next if its function died, or from the queue: so doing it twice, or half of it twice, says nothing twice in the log.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib import logs
from chalicelib.domain.activity import Mark
from chalicelib.domain.clock import Clock, parse_rfc3339, rfc3339
from chalicelib.domain.ids import Place
from chalicelib.domain.log import NO_DETAILS, Action
from chalicelib.domain.ports import Memberships, Records, Targets
from chalicelib.domain.ports_jobs import Outbox
from chalicelib.domain.ports_log import ActivityStore, LogWriter, OptOuts, PlanNotes
from chalicelib.domain.preferences import (
    Audience,
    Choices,
    Everything,
    Plan,
    choices_of,
    plan_to_keep,
    plan_to_leave,
)
from chalicelib.domain.queue import UnreadableMessage
from chalicelib.domain.records import TargetList
from chalicelib.errors import Deferred, NotFound
from chalicelib.flows.readers import Reader, Readers
from chalicelib.flows.unsubscribe import JOB_KIND, RETRY_AFTER

REASON = "preferences"  # kept with an address that left everything


@dataclass(frozen=True)
class Wish:
    """What a reader asked for: to stay on these (:attr:`Choice.id`), or None to leave everything."""

    keep: frozenset[str] | None


@dataclass(frozen=True)
class _Intent:
    """A plan for one recipient; ``was_out``, ``was_in``: their log says Opted Out, or Opted In, already."""

    plan: Plan
    was_out: bool
    was_in: bool


@dataclass(frozen=True)
class Preferences:
    """The preferences page's two verbs."""

    clock: Clock
    readers: Readers
    targets: Targets
    memberships: Memberships
    lists: Records[TargetList]
    opt_outs: OptOuts
    activity: ActivityStore
    log: LogWriter
    notes: PlanNotes
    outbox: Outbox

    def choices(self, place: Place) -> Choices:
        """What the reader can choose; changes nothing.

        Raises:
            NotFound: No such recipient, or of an informational mailing, which nobody can leave.
        """
        return choices_of(self._audience(self.readers.read(place)))

    def choose(self, place: Place, wish: Wish) -> Choices | None:
        """Do what the reader asks for; how they stand then, or None while the queue has yet to do it.

        Raises:
            NotFound: As :meth:`choices`.
            Deferred: Neither table nor queue took it.
        """
        at = self.clock.now()
        try:
            intent = self._intent(place, wish)
        except NotFound:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the wish must not be lost
            self._defer(error, _wish_message(place, wish, at))
            return None
        try:
            self._do(place, intent, at)
            return self.choices(place)
        except Exception as error:  # noqa: BLE001 - as above
            self._defer(error, _intent_message(place, intent, at))
            return None

    def replay(self, message: Mapping[str, Any]) -> None:
        """Do what the jobs queue kept; the same message twice changes nothing.

        Raises:
            UnreadableMessage: Not a message of this flow.
        """
        try:
            place, at = Place.of(message["preferencesOf"]), parse_rfc3339(message["at"])
            wish, intent = _read_wish(message), _read_intent(message)
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableMessage("a preferences message lacks a field") from error
        try:
            if intent is not None:
                self._do(place, intent, at)
            elif (
                wish is not None
            ):  # planned now, and done by a message of its own: should that die halfway, the plan stands
                self.outbox.job(_intent_message(place, self._intent(place, wish), at))
        except NotFound:
            return  # nobody can leave an informational mailing

    def _intent(self, place: Place, wish: Wish) -> _Intent:
        """What this wish changes, after what was begun before it; what is half done would look like done otherwise."""
        begun = self.notes.begun(place)
        half_done = _read_intent(begun) if begun else None
        if begun and half_done:
            self._do(place, half_done, parse_rfc3339(begun["at"]))
        reader = self.readers.read(place)
        audience = self._audience(reader)
        plan = plan_to_leave(audience) if wish.keep is None else plan_to_keep(audience, wish.keep)
        return _Intent(plan, was_out=reader.did(Mark.OPTED_OUT), was_in=reader.did(Mark.OPTED_IN))

    def _do(self, place: Place, intent: _Intent, at: datetime) -> None:
        """First what counts, then the log, then the mark that statistics are made of; leaving comes before coming back."""
        plan = intent.plan
        if not (plan.opts_out or plan.opts_in):
            return
        note = _intent_message(place, intent, at)
        self.notes.begin(place, note, at)
        key = self.readers.read(place).member.address_key
        if plan.opts_out:
            everything = plan.everything is Everything.LEAVE
            self.opt_outs.leave(key, everything=everything, list_ids=plan.leave, reason=REASON, at=at)
            self._note(place, Mark.OPTED_OUT, Action.OPTED_OUT, at, renewed=intent.was_out)
        if plan.opts_in:
            everything = plan.everything is Everything.REJOIN
            self.opt_outs.rejoin(key, everything=everything, list_ids=plan.rejoin, at=at)
            self._note(place, Mark.OPTED_IN, Action.OPTED_IN, at, renewed=intent.was_in)
        self.notes.done(place, note)

    def _note(self, place: Place, mark: Mark, action: Action, at: datetime, *, renewed: bool) -> None:
        self.log.happened(place, action, at, NO_DETAILS, renewed=renewed)
        self.activity.mark(place, mark)

    def _defer(self, error: Exception, message: Mapping[str, object]) -> None:
        logs.trouble("preferencesDeferred", error, recipientId=str(message["preferencesOf"]))
        try:
            self.outbox.job(message)
        except Exception as failure:
            raise Deferred("this could not be saved; please try again", retry_after=RETRY_AFTER) from failure

    def _audience(self, reader: Reader) -> Audience:
        """Where the reader's address stands, through all records that hold it."""
        on: dict[str, bool] = {}
        for ref in self.targets.holders(reader.member.address_key):
            for each in self.memberships.lists_of(*ref):
                on[each.list_id] = on.get(each.list_id, False) or not each.opted_out
        records = self.lists.find_many({*on, *reader.list_ids})
        names = {each.id: each.public_name for each in records.values() if each.public_name}
        is_gone = reader.member.email_address is None
        return Audience(
            flags=replace(reader.flags, erased=True) if is_gone else reader.flags,
            on={list_id: is_in for list_id, is_in in on.items() if list_id in records},
            of_mailing=reader.list_ids,
            names=names,
        )


def _wish_message(place: Place, wish: Wish, at: datetime) -> Mapping[str, object]:
    keep = None if wish.keep is None else sorted(wish.keep)
    return {"kind": JOB_KIND, "preferencesOf": place.recipient_id, "at": rfc3339(at), "keep": keep}


def _intent_message(place: Place, intent: _Intent, at: datetime) -> Mapping[str, object]:
    plan = {
        "leave": sorted(intent.plan.leave),
        "rejoin": sorted(intent.plan.rejoin),
        "everything": intent.plan.everything.value,
        "wasOut": intent.was_out,
        "wasIn": intent.was_in,
    }
    return {"kind": JOB_KIND, "preferencesOf": place.recipient_id, "at": rfc3339(at), "plan": plan}


def _read_wish(message: Mapping[str, Any]) -> Wish | None:
    if "keep" not in message:
        return None
    keep: Collection[str] | None = message["keep"]
    return Wish(None if keep is None else frozenset(keep))


def _read_intent(message: Mapping[str, Any]) -> _Intent | None:
    if "keep" in message:
        return None
    told = message["plan"]
    plan = Plan(frozenset(told["leave"]), frozenset(told["rejoin"]), Everything(told["everything"]))
    return _Intent(plan, was_out=bool(told["wasOut"]), was_in=bool(told["wasIn"]))
