"""What the recipients of one segment did, and what SES said of them: sets of positions, which only grow.

Adding a position twice changes nothing, so an event may come twice, late or before the send's own answer is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Mark(StrEnum):
    """One set of positions; the value is its attribute's name."""

    ACCEPTED = "accepted"  # any event of SES's, or of the reader, proves that SES took the message
    REJECTED = "rejected"  # Reject, RenderingFailure: SES took it and then did not send it
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    OPENED_BY_MACHINE = "openedByMachine"
    CLICKED_BY_MACHINE = "clickedByMachine"
    OPTED_OUT = "optedOut"
    OPTED_IN = "optedIn"
    BOUNCED_HARD = "bouncedHard"
    BOUNCED_SOFT = "bouncedSoft"
    COMPLAINED = "complained"
    SETTLED_SENT = "settledSent"  # a person decided what became of an Unknown
    SETTLED_FAILED = "settledFailed"


LINK_PREFIX = "link"  # ``link3``: who clicked the link with index 3
PROVES_ACCEPTANCE = frozenset(Mark) - {Mark.REJECTED, Mark.SETTLED_SENT, Mark.SETTLED_FAILED}
"""REJECTED proves acceptance by ``SendBulkEmail`` too, but the recipient's end is Failed."""


@dataclass(frozen=True)
class Activity:
    """All marks of one segment."""

    marks: Mapping[Mark, frozenset[int]] = field(default_factory=dict)
    links: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def having(self, mark: Mark) -> frozenset[int]:
        """The positions that bear this mark."""
        return self.marks.get(mark, frozenset())

    @property
    def accepted(self) -> frozenset[int]:
        """The positions whose message SES certainly took."""
        return frozenset().union(*(self.having(mark) for mark in PROVES_ACCEPTANCE))


NOTHING = Activity()
