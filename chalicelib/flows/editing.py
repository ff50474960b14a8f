"""Editing and deleting records of the small kinds while others do the same."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.ports import Records
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_mass_emails import Turns
from chalicelib.domain.records import Record
from chalicelib.errors import PreconditionFailed
from chalicelib.flows.repeating import until_first

T = TypeVar("T", bound=Record)


@dataclass(frozen=True)
class Editor(Generic[T]):
    """Changes one record at a time: what is written was decided on what stands there."""

    records: Records[T]
    turns: Turns
    clock: Clock

    def edit(self, record_id: str, change: Callable[[T], T], *, if_match: IfMatch = ANY_VERSION) -> T:
        """Store what ``change`` makes of the record; a change that changes nothing is not written.

        Raises:
            NotFound: No such record.
            PreconditionFailed: It is not the version that the caller means.
            Deferred: Others were faster all the time.
        """

        def attempt() -> T:
            before, after = self._changed(record_id, change, if_match)
            if after is before:
                return before
            try:
                return self.records.replace(after, expected_rev=before.rev, before=before)
            except PreconditionFailed as error:
                raise Overtaken from error

        return until_first(attempt)

    def edit_in_turn(self, record_id: str, change: Callable[[T], T], *, if_match: IfMatch = ANY_VERSION) -> T:
        """The same, for a change that depends on who uses the record (see ``Turns``)."""

        def attempt() -> T:
            turn = self.turns.current()
            before, after = self._changed(record_id, change, if_match)
            if after is before:
                return before
            self.turns.replace(after, before, turn=turn)
            return replace(after, rev=before.rev + 1)

        return until_first(attempt)

    def _changed(self, record_id: str, change: Callable[[T], T], if_match: IfMatch) -> tuple[T, T]:
        before = self.records.get(record_id)
        if_match.check(before.rev)
        after = change(before)
        return (before, before) if after == before else (before, replace(after, modified_at=self.clock.now()))
