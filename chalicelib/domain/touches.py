"""Opens and clicks as they came in, and which of them count.

A *touch* is one word in a set that only grows, so it may come twice, late or in any order: who opened, who clicked, which
was the first and what a machine did are worked out when read, always from all touches of a recipient.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.domain.machines import BURST_LINKS, is_burst

NO_LINK = -1
MAX_TOUCHES = (
    100  # per recipient and kind (open or click, person or machine); more are neither stored nor logged
)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_IMPLIES_OPEN = "+"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True, slots=True)
class Touch:
    """One open (``link`` is :data:`NO_LINK`) or click (the link's index), to the millisecond.

    ``machine`` is what the request itself gave away. ``implies_open``: a click while opens were tracked.
    """

    milliseconds: int  # since 1970
    link: int = NO_LINK
    machine: bool = False
    implies_open: bool = False

    @property
    def is_click(self) -> bool:
        """Whether a link was followed."""
        return self.link != NO_LINK

    @property
    def at(self) -> datetime:
        """When, in UTC."""
        return _EPOCH + timedelta(milliseconds=self.milliseconds)

    @property
    def word(self) -> str:
        """As it stands in its set: ``lx3k9f2a`` an open, ``lx3k9f2a.3+`` a click. Who did it is the set's name."""
        time = _base36(self.milliseconds)
        return f"{time}.{self.link}{_IMPLIES_OPEN * self.implies_open}" if self.is_click else time


def touch_at(
    at: datetime, *, link: int = NO_LINK, machine: bool = False, implies_open: bool = False
) -> Touch:
    """A touch at this time."""
    return Touch((at - _EPOCH) // timedelta(milliseconds=1), link, machine, implies_open)


def read_word(word: str, *, machine: bool) -> Touch:
    """The touch that a word stands for."""
    time, _, link = word.partition(".")
    if not link:
        return Touch(int(time, 36), machine=machine)
    return Touch(int(time, 36), int(link.rstrip(_IMPLIES_OPEN)), machine, link.endswith(_IMPLIES_OPEN))


@dataclass(frozen=True, slots=True)
class Counted:
    """What the touches of one recipient come to.

    ``opened`` and ``clicked`` (by link) are the first ones of a person; ``scanned`` are clicks that look like a person's, one
    by one, and came in a burst as only machines make it.
    """

    opened: Touch | None = None
    clicked: Mapping[int, Touch] = field(default_factory=dict)
    scanned: frozenset[Touch] = frozenset()
    opened_by_machine: bool = False
    clicked_by_machine: bool = False

    def is_machine(self, touch: Touch) -> bool:
        """Whether a machine did it."""
        return touch.machine or touch in self.scanned

    def is_first(self, touch: Touch, *, as_open: bool) -> bool:
        """Whether this is the one that statistics count; ``as_open``: as the open that a click implies."""
        if as_open or not touch.is_click:
            return touch == self.opened
        return touch == self.clicked.get(touch.link)


def counted(touches: Iterable[Touch]) -> Counted:
    """Work out what counts; the order of the touches does not matter."""
    ordered = sorted(touches)
    scanned = _bursts([touch for touch in ordered if touch.is_click and not touch.machine])
    by_persons = [touch for touch in ordered if not touch.machine and touch not in scanned]
    clicked: dict[int, Touch] = {}
    for touch in by_persons:
        if touch.is_click:
            clicked.setdefault(touch.link, touch)
    return Counted(
        opened=next((touch for touch in by_persons if touch.implies_open or not touch.is_click), None),
        clicked=clicked,
        scanned=scanned,
        opened_by_machine=any(touch.machine and not touch.is_click for touch in ordered),
        clicked_by_machine=bool(scanned) or any(touch.machine and touch.is_click for touch in ordered),
    )


def _bursts(clicks: Sequence[Touch]) -> frozenset[Touch]:
    """Those from the third different link on within two seconds (`delivery.md`, "Events")."""
    if len({click.link for click in clicks}) < BURST_LINKS:
        return frozenset()
    all_clicks = [(click.link, click.at) for click in clicks]
    return frozenset(click for click in clicks if is_burst(click.link, click.at, all_clicks))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
