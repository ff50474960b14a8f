"""Which lists a reader can choose to stay on, and what a choice changes; pure, so that a queue can do it later as planned."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.domain.records import AddressFlags


@dataclass(frozen=True)
class Choice:
    """One line of the page; ``name`` is None for "this mailing", which may stand for several lists."""

    list_ids: frozenset[str]
    name: str | None
    is_kept: bool

    @property
    def id(self) -> str:
        """What stands for it in a form; any of its lists would."""
        return min(self.list_ids)


@dataclass(frozen=True)
class Choices:
    """What a reader can choose; ``is_out``: they get nothing at all. ``is_erased``: and cannot come back from here."""

    lines: tuple[Choice, ...] = ()
    is_out: bool = False
    is_erased: bool = False


@dataclass(frozen=True)
class Audience:
    """Where an address stands.

    ``on``: every list that any of its records is on → whether one of them is on it and not opted out. ``of_mailing``: the lists
    that the reader's message came through. ``names``: the public names of those of all these lists that have one.
    """

    flags: AddressFlags
    on: Mapping[str, bool] = field(default_factory=dict)
    of_mailing: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_lists(self) -> frozenset[str]:
        """Every list that leaving everything leaves."""
        return self.of_mailing | self.on.keys()

    def has_left(self, list_id: str) -> bool:
        """Whether nothing reaches the address through this list."""
        return list_id in self.flags.lists_left or not self.on.get(list_id, True)


class Everything(StrEnum):
    """What becomes of the address's own opt-out, beside its lists."""

    AS_IT_IS = "asItIs"
    LEAVE = "leave"
    REJOIN = "rejoin"


@dataclass(frozen=True)
class Plan:
    """What a wish changes."""

    leave: frozenset[str] = frozenset()
    rejoin: frozenset[str] = frozenset()
    everything: Everything = Everything.AS_IT_IS

    @property
    def opts_out(self) -> bool:
        """Whether anything is left."""
        return bool(self.leave) or self.everything is Everything.LEAVE

    @property
    def opts_in(self) -> bool:
        """Whether the reader comes back to anything."""
        return bool(self.rejoin) or self.everything is Everything.REJOIN


def choices_of(audience: Audience) -> Choices:
    """The lists with a public name that the address is on, by name; then this mailing, for its lists that have none."""
    if audience.flags.erased:
        return Choices(is_out=True, is_erased=True)
    shown = {list_id: name for list_id, name in audience.names.items() if list_id in audience.all_lists}
    named = sorted(shown, key=lambda list_id: (shown[list_id].casefold(), list_id))
    lines = [_choice(audience, frozenset({list_id}), shown[list_id]) for list_id in named]
    nameless = audience.of_mailing - audience.names.keys()
    if nameless:
        lines.append(_choice(audience, nameless, None))
    return Choices(tuple(lines), is_out=audience.flags.opt_out)


def plan_to_keep(audience: Audience, keep: Collection[str]) -> Plan:
    """Stay on the choices that these ids stand for, and leave the others that are shown.

    A line that was ticked before changes nothing, even if it stands for a list of this mailing that was left by itself. Who had
    left everything comes back to just these: what is not shown is then left list by list.
    """
    wanted = frozenset(keep)
    lines = choices_of(audience).lines
    ticked = [line for line in lines if line.list_ids & wanted]
    kept, shown = _lists_of(ticked), _lists_of(lines)
    taken_up = _lists_of(line for line in ticked if not line.is_kept)
    comes_back = audience.flags.opt_out and bool(kept)
    dropped = (audience.all_lists if comes_back else shown) - kept
    return Plan(
        leave=dropped - audience.flags.lists_left,
        rejoin=frozenset(filter(audience.has_left, taken_up)),
        everything=Everything.REJOIN if comes_back else Everything.AS_IT_IS,
    )


def plan_to_leave(audience: Audience) -> Plan:
    """Leave everything: the address opts out, and out of each of its lists, so that coming back to one is no more than that."""
    if audience.flags.erased:
        return Plan()
    return Plan(
        leave=audience.all_lists - audience.flags.lists_left,
        everything=Everything.AS_IT_IS if audience.flags.opt_out else Everything.LEAVE,
    )


def _lists_of(lines: Iterable[Choice]) -> frozenset[str]:
    return frozenset().union(*(line.list_ids for line in lines))


def _choice(audience: Audience, list_ids: frozenset[str], name: str | None) -> Choice:
    is_kept = not audience.flags.opt_out and not all(map(audience.has_left, list_ids))
    return Choice(list_ids, name, is_kept)
