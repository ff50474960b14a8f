"""A search as a tree of typed values; what each operator means is told by the cases of ``tests/domain/where_cases.py``.

``where_parsing`` makes it of JSON, ``where_dates`` puts moments in the place of words such as "today", ``where_matching`` asks
it about one person, ``storage/search_filter`` has DynamoDB leave out what it can. An inner tree never looks at the clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from functools import cached_property

from chalicelib.domain.where_like import LikePattern
from chalicelib.domain.where_values import Comparable, Scalar, comparables


class Kind(StrEnum):
    """What a field holds; ``ANY`` is a free attribute, whose type is its value's."""

    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"
    ANY = "any"


class Hop(StrEnum):
    """Where a field is found that is not the person's own: one read away."""

    ADDRESS = "address"
    ACCOUNT = "account"
    CAMPAIGN = "campaign"


@dataclass(frozen=True)
class Field:
    """A value of a person, or of what is linked to them. ``path`` goes into ``attributes`` as ("attributes", "colour")."""

    path: tuple[str, ...]
    kind: Kind
    hop: Hop | None = None


@dataclass(frozen=True)
class Present:
    """Is there and not null."""


@dataclass(frozen=True)
class OneOf:
    """Equals one of these, text without regard to case."""

    values: tuple[Scalar, ...]

    @cached_property
    def wanted(self) -> frozenset[Comparable]:
        """As they are compared."""
        return comparables(self.values)


@dataclass(frozen=True)
class Contains:
    """Holds this text (folded) somewhere, at its beginning, or at its end."""

    text: str
    at_start: bool = False
    at_end: bool = False


@dataclass(frozen=True)
class Like:
    """Fits a pattern of SQL's LIKE."""

    pattern: LikePattern


class Order(StrEnum):
    """How a value is to stand to another."""

    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


@dataclass(frozen=True)
class Compared:
    """Stands so to this number or text; a value of another type does not."""

    order: Order
    value: str | int | float


@dataclass(frozen=True)
class HasAny:
    """Is an array that holds one of these."""

    values: tuple[Scalar, ...]

    @cached_property
    def wanted(self) -> frozenset[Comparable]:
        """As they are compared."""
        return comparables(self.values)


@dataclass(frozen=True)
class HasAll:
    """Is an array that holds all of these."""

    values: tuple[Scalar, ...]

    @cached_property
    def wanted(self) -> frozenset[Comparable]:
        """As they are compared."""
        return comparables(self.values)


@dataclass(frozen=True)
class Filled:
    """Is an array that holds anything."""


Moment = date | datetime  # a datetime without an offset is one of the time zone


@dataclass(frozen=True)
class Dated:
    """Lies in a time that is told by a word; ``values`` are moments or a number of days. Gives way to :class:`Span`."""

    word: str
    values: tuple[Moment | int, ...] = ()
    zone: tzinfo | None = None  # None: that of the organisation


@dataclass(frozen=True)
class Span:
    """Lies from ``since`` until just before ``until``; a mere day from ``first`` to ``last``. None is no bound."""

    since: datetime | None = None
    until: datetime | None = None
    first: date | None = None
    last: date | None = None
    zone: tzinfo = UTC  # of moments that are told without an offset


Check = Present | OneOf | Contains | Like | Compared | HasAny | HasAll | Filled | Dated | Span


@dataclass(frozen=True)
class Test:
    """One question about one value; what is null passes no test, and ``negated`` turns the answer for all others."""

    field: Field
    check: Check
    negated: bool = False


@dataclass(frozen=True)
class OnLists:
    """Is a member of one of these target lists, or of all of them; opted-out members are members."""

    list_ids: tuple[str, ...]
    every: bool = False


@dataclass(frozen=True)
class OnAnyList:
    """Is a member of any target list."""


@dataclass(frozen=True)
class All:
    """All of these hold; of nothing that is true."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Either:
    """One of these holds; of nothing that is false."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Not:
    """This does not hold: whoever it leaves out, those with nulls among them."""

    part: "Node"


Node = Test | OnLists | OnAnyList | All | Either | Not

EVERYBODY = All()
NOBODY = Either()


def leaves(node: Node) -> Iterator[Test | OnLists | OnAnyList]:
    """The questions of a tree, in order."""
    if isinstance(node, All | Either):
        for part in node.parts:
            yield from leaves(part)
    elif isinstance(node, Not):
        yield from leaves(node.part)
    else:
        yield node


@dataclass(frozen=True)
class Needs:
    """What must be read beside a person to answer all questions of a tree."""

    hops: frozenset[Hop] = frozenset()
    list_ids: tuple[str, ...] = ()
    any_list: bool = False

    @property
    def lookups(self) -> int:
        """How many items that is for one person, at most; whether they are on any list is taken for one."""
        return len(self.hops) + len(self.list_ids) + self.any_list


def needs(node: Node) -> Needs:
    """What a tree asks about."""
    asked = list(leaves(node))
    hops = frozenset(leaf.field.hop for leaf in asked if isinstance(leaf, Test) and leaf.field.hop)
    lists = dict.fromkeys(each for leaf in asked if isinstance(leaf, OnLists) for each in leaf.list_ids)
    return Needs(hops, tuple(lists), any(isinstance(leaf, OnAnyList) for leaf in asked))
