"""What must be true of a company's mail, in a hundred lines: people, what they said, and who may be sent what.

It knows nothing of how Envoi works. Times do not occur in it: what was said holds for all that is sent from then on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

DRAFT, PENDING, RUNNING, PAUSED = "Draft", "Pending", "In Process", "Paused"
CANCELED, COMPLETE, FAILED = "Canceled", "Complete", "Failed"
ENDED = {COMPLETE, FAILED}
OVER = {CANCELED, *ENDED}

ACTS: Mapping[str, Mapping[str, str]] = {
    "pause": {PENDING: PAUSED, RUNNING: PAUSED},
    "resume": {PAUSED: RUNNING},  # or Pending, where it was paused before its freeze began
    "cancel": dict.fromkeys((DRAFT, PENDING, RUNNING, PAUSED), CANCELED),
    "retry-failed": {COMPLETE: RUNNING, FAILED: RUNNING},
    PENDING: dict.fromkeys((DRAFT, PENDING, COMPLETE, FAILED), PENDING),
    DRAFT: {DRAFT: DRAFT, PENDING: DRAFT},
}
"""What people may do to a mass email, and what becomes of it."""

BY_ITSELF: Mapping[str, set[str]] = {
    PENDING: {RUNNING, PAUSED, *OVER - {CANCELED}},
    RUNNING: {PAUSED, *OVER - {CANCELED}},
}
"""What it may become without anybody's doing; Paused where SES refuses the account."""


@dataclass
class Person:
    """Somebody on lists; ``address`` is None once they are erased. ``is_left_alone``: nothing was ever said of them."""

    address: str | None
    lists: frozenset[str]
    is_left_alone: bool = True


@dataclass
class Mailing:
    """One mass email. ``sent`` are the addresses that SES has accepted a message for."""

    lists: frozenset[str]
    status: str = PENDING
    was_canceled: bool = False
    sent: set[str] = field(default_factory=set)


@dataclass
class Model:
    """Everybody and everything; ``out`` are addresses that want nothing, ``left`` the lists that an address has left."""

    people: list[Person] = field(default_factory=list)
    mailings: dict[str, Mailing] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)
    left: dict[str, set[str]] = field(default_factory=dict)

    def holder(self, address: str) -> Person | None:
        """Who has this address now."""
        return next((person for person in self.people if person.address == address), None)

    def act(self, mailing: Mailing, act: str) -> set[str]:
        """A person does this: what may become of it; nothing for a refusal."""
        after = ACTS[act].get(mailing.status)
        if after is None:
            return set()
        mailing.was_canceled |= after == CANCELED
        return {PENDING, RUNNING} if act == "resume" else {after}

    def leave(self, mailing: Mailing, address: str) -> None:
        """The reader leaves the mailing's lists; one who is on none of them any more leaves all that it went to."""
        self._said(address)
        self.left.setdefault(address, set()).update(self._lists(mailing, address))

    def come_back(self, mailing: Mailing, address: str) -> None:
        """They undo that; not what was said of everything."""
        if address not in self.out:
            self.left.setdefault(address, set()).difference_update(self._lists(mailing, address))

    def opt_out(self, address: str, *, out: bool) -> None:
        """Somebody notes that the address wants nothing, or takes that back; who comes back gets all lists again."""
        self._said(address)
        if out:
            self.out.add(address)
        else:
            self.out.discard(address)

    def change(self, person: Person, address: str | None) -> None:
        """They have another address from now on; None: they are erased."""
        person.address, person.is_left_alone = address, False

    def objection(self, mailing: Mailing, address: str) -> str | None:
        """Why a message that SES has just accepted should not have been sent."""
        person = self.holder(address)
        if address in mailing.sent:
            return "a second message"
        if person is None:
            return "nobody has this address any more"
        if address in self.out:
            return "they want nothing"
        if self._lists(mailing, address) <= self.left.get(address, set()):
            return "they have left all its lists"
        return None if mailing.status in (PENDING, RUNNING) else f"it is {mailing.status}"

    def due(self, mailing: Mailing) -> set[str]:
        """Who must have got it in the end if SES refused nobody and it was not cancelled."""
        return {
            person.address
            for person in self.people
            if person.is_left_alone and person.address and person.lists & mailing.lists
        }

    def _lists(self, mailing: Mailing, address: str) -> frozenset[str]:
        person = self.holder(address)
        return (person.lists & mailing.lists if person else frozenset()) or mailing.lists

    def _said(self, address: str) -> None:
        person = self.holder(address)
        if person is not None:
            person.is_left_alone = False
