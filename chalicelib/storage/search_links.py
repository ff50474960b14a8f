"""What a search asks that does not stand in the person's own item: address rows, linked records, memberships."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.people import Ref
from chalicelib.domain.records import TargetType
from chalicelib.domain.where import Hop, Needs, Node, needs
from chalicelib.domain.where_matching import Around, Values, judged
from chalicelib.storage import keys
from chalicelib.storage.codec import Item
from chalicelib.storage.search_any_list import AnyList
from chalicelib.storage.search_budget import Boundless
from chalicelib.storage.search_rows import values_of
from chalicelib.storage.table import Table

REMEMBERED = 2_000  # linked records that are kept in the course of a walk: many people share one
_ID_FIELDS: Mapping[Hop, str] = {Hop.ACCOUNT: "accountId", Hop.CAMPAIGN: "campaignId"}
_FLAGS = ("optOut", "invalid")
_BOUNDLESS = Boundless()


@dataclass(frozen=True)
class Candidate:
    """Somebody whom the search may want; ``open_question``: if they are on any list, or if not, and what else was read."""

    item: Item
    open_question: Around | None = None


class Judge:
    """Decides about people, a batch at a time; what it read is counted in ``read``.

    Whether somebody is on any list is asked last, one by one: for most it is one row, for some it may be thousands.
    """

    def __init__(self, table: Table, key_of: Callable[[str], str], node: Node) -> None:
        self._table = table
        self._key_of = key_of
        self._node = node
        self._needs: Needs = needs(node)
        self._linked: dict[tuple[Hop, str], Values] = {}
        self._any_list = AnyList(table)
        self._read = 0

    @property
    def read(self) -> int:
        """How many items were read."""
        return self._read + self._any_list.read

    @property
    def asks_any_list(self) -> bool:
        """Whether it may read more than ``lookups`` items for one person."""
        return self._needs.any_list

    @property
    def lookups(self) -> int:
        """How many items it reads for one person, at most; the rows of lists that they were taken off come on top."""
        return self._needs.lookups

    @property
    def cost_of_one(self) -> int:
        """The person's own item, and what is read for it, at most."""
        return 1 + self.lookups

    def chosen(self, items: Sequence[Item], *, neighbours: bool = False) -> list[Item]:
        """Those of these people's items whom the search wants, whatever must be read for it.

        ``neighbours``: they are of one partition, and between them there are few others.
        """
        candidates = self.candidates(items)
        asked = [_ref(each.item) for each in candidates if each.open_question] if neighbours else []
        on_any_list = self._any_list.of_neighbours(asked)
        return [each.item for each in candidates if self._is_wanted(each, on_any_list)]

    def _is_wanted(self, candidate: Candidate, on_any_list: Mapping[Ref, bool]) -> bool:
        known = on_any_list.get(_ref(candidate.item))
        if candidate.open_question is None or known is None:
            return bool(self.settled(candidate))
        return self._answered(candidate, candidate.open_question, on_any_list=known)

    def candidates(self, items: Sequence[Item]) -> list[Candidate]:
        """Those whom it wants or may want; only for whom it matters is anything read."""
        people = [values_of(item) for item in items]
        answers = [judged(self._node, person) for person in people]
        open_ones = [place for place, answer in enumerate(answers) if answer is None]
        questions: dict[int, Around] = {}
        if open_ones:
            refs = [_ref(items[place]) for place in open_ones]
            around = self._around(refs, [people[place] for place in open_ones])
            for place, beside in zip(open_ones, around, strict=True):
                answers[place] = judged(self._node, people[place], beside)
                if answers[place] is None:
                    questions[place] = beside
        return [
            Candidate(item, questions.get(place))
            for place, item in enumerate(items)
            if answers[place] is not False
        ]

    def settled(self, candidate: Candidate, budget: Boundless = _BOUNDLESS) -> bool | None:
        """Whether the search wants them; None: ``budget`` has nothing left for it (``where_it_stopped``)."""
        if candidate.open_question is None:
            return True
        on_any_list = self._any_list.answer(_ref(candidate.item), budget)
        if on_any_list is None:
            return None
        return self._answered(candidate, candidate.open_question, on_any_list=on_any_list)

    def _answered(self, candidate: Candidate, around: Around, *, on_any_list: bool) -> bool:
        whole = replace(around, on_any_list=on_any_list)
        return bool(judged(self._node, values_of(candidate.item), whole))

    @property
    def where_it_stopped(self) -> str:
        """What another judge must know to go on with the person that this one could not settle; empty: there is none."""
        return self._any_list.where_it_stopped

    def go_on(self, where_it_stopped: str) -> None:
        """Begin with what another judge came to know of a person."""
        self._any_list.go_on(where_it_stopped)

    def _around(self, refs: Sequence[Ref], people: Sequence[Values]) -> list[Around]:
        flags = self._flags(people) if Hop.ADDRESS in self._needs.hops else None
        lists = self._lists(refs)
        self._read_linked(people)
        made = []
        for place, (ref, person) in enumerate(zip(refs, people, strict=True)):
            linked: dict[Hop, Values] = {
                hop: self._linked.get((hop, person.get(_ID_FIELDS[hop], "")), {})
                for hop in self._needs.hops
                if hop is not Hop.ADDRESS
            }
            if flags is not None:
                linked[Hop.ADDRESS] = flags[place]
            made.append(Around(linked, lists.get(ref, frozenset())))
        return made

    def _flags(self, people: Sequence[Values]) -> list[Values]:
        address_keys = [
            self._key_of(person["emailAddress"]) if person.get("emailAddress") else None for person in people
        ]
        rows = self._get(keys.address_flags(each) for each in address_keys if each)
        set_flags = {row["PK"]["S"].removeprefix("addr#"): row for row in rows}
        return [{flag: flag in set_flags.get(key or "", {}) for flag in _FLAGS} for key in address_keys]

    def _lists(self, refs: Sequence[Ref]) -> Mapping[Ref, frozenset[str]]:
        rows = self._get(
            keys.reverse_membership(*ref, list_id) for ref in refs for list_id in self._needs.list_ids
        )
        on: dict[Ref, set[str]] = {}
        for row in rows:
            if "addedAt" in row:
                kind, _, target_id = row["PK"]["S"].partition("#")
                on.setdefault((TargetType(kind), target_id), set()).add(row["SK"]["S"].removeprefix("list#"))
        return {ref: frozenset(lists) for ref, lists in on.items()}

    def _read_linked(self, people: Sequence[Values]) -> None:
        wanted = {
            (hop, person[_ID_FIELDS[hop]])
            for hop in self._needs.hops
            if hop is not Hop.ADDRESS
            for person in people
            if person.get(_ID_FIELDS[hop])
        } - self._linked.keys()
        if not wanted:
            return
        if len(self._linked) + len(wanted) > REMEMBERED:
            self._linked.clear()
            self._read_linked(people)
            return
        self._linked.update({each: {} for each in wanted})  # what is gone is not asked for again
        for item in self._get(_linked_key(hop, record_id) for hop, record_id in wanted):
            if "deletedAt" not in item:
                hop = Hop.CAMPAIGN if item["PK"]["S"] == "Campaign" else Hop.ACCOUNT
                self._linked[hop, item["SK"]["S"]] = values_of(item)

    def _get(self, wanted: Any) -> list[Item]:
        asked = list(wanted)
        self._read += len(asked)
        return self._table.get_many(asked)


def _linked_key(hop: Hop, record_id: str) -> Mapping[str, Any]:
    if hop is Hop.ACCOUNT:
        return keys.target(TargetType.ACCOUNT, record_id)
    return keys.record("Campaign", record_id)


def _ref(item: Item) -> Ref:
    return TargetType(item["PK"]["S"].partition("#")[0]), item["SK"]["S"]
