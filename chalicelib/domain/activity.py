"""What the recipients of one segment did, and what SES said of them: sets of positions, which only grow.

Adding a position twice changes nothing, so an event may come twice, late or before the send's own answer is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from chalicelib.domain.touches import Touch


class Mark(StrEnum):
    """One set of positions; the value is its attribute's name."""

    ACCEPTED = "accepted"  # any event of SES's, or of the reader, proves that SES took the message
    REJECTED = "rejected"  # Reject, RenderingFailure: SES took it and then did not send it
    DELIVERED = "delivered"
    # The next four are never written: they follow from the touches (``touches.py``) when these are read.
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


PROVES_ACCEPTANCE = frozenset(Mark) - {Mark.REJECTED, Mark.SETTLED_SENT, Mark.SETTLED_FAILED}
"""REJECTED proves acceptance by ``SendBulkEmail`` too, but the recipient's end is Failed."""


@dataclass(frozen=True)
class Activity:
    """All marks of one segment.

    ``links``: who clicked the link with this index, machines left out. ``touches``: every open and click, by position.
    """

    marks: Mapping[Mark, frozenset[int]] = field(default_factory=dict)
    links: Mapping[int, frozenset[int]] = field(default_factory=dict)
    message_ids: Mapping[int, str] = field(default_factory=dict)  # of those whose answer was never seen
    touches: Mapping[int, frozenset[Touch]] = field(default_factory=dict)

    def having(self, mark: Mark) -> frozenset[int]:
        """The positions that bear this mark."""
        return self.marks.get(mark, frozenset())

    @cached_property
    def accepted(self) -> frozenset[int]:
        """The positions whose message SES certainly took."""
        return frozenset().union(*(self.having(mark) for mark in PROVES_ACCEPTANCE))


NOTHING = Activity()
