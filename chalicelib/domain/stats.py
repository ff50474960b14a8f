"""Statistics: sums over sets of positions, and shares of what was sent. Tests and machines are left out."""

from dataclasses import dataclass, fields
from decimal import ROUND_HALF_EVEN, Decimal

from chalicelib.domain.activity import Activity, Mark

_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """How many recipients; ``lead_created`` counts leads. Zero where nothing happened, never None."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    opted_out: int = 0
    opted_in: int = 0
    bounced: int = 0
    hard_bounced: int = 0
    soft_bounced: int = 0
    complained: int = 0
    lead_created: int = 0

    def __add__(self, other: "Numbers") -> "Numbers":
        """The sums of both."""
        return Numbers(**{each: getattr(self, each) + getattr(other, each) for each in NUMBERS})


NUMBERS = tuple(field.name for field in fields(Numbers))
SHARES = tuple(name for name in NUMBERS if name not in ("sent", "lead_created"))
"""The numbers that are also told as percentages of what was sent."""


def numbers_of(sent: int, activity: Activity) -> Numbers:
    """The numbers of one segment.

    Whoever bounced hard counts there alone, so that hard and soft add up to all bounces.
    """
    hard = activity.having(Mark.BOUNCED_HARD)
    soft = activity.having(Mark.BOUNCED_SOFT) - hard
    return Numbers(
        sent=sent,
        delivered=len(activity.having(Mark.DELIVERED)),
        opened=len(activity.having(Mark.OPENED)),
        clicked=len(activity.having(Mark.CLICKED)),
        opted_out=len(activity.having(Mark.OPTED_OUT)),
        opted_in=len(activity.having(Mark.OPTED_IN)),
        bounced=len(hard) + len(soft),
        hard_bounced=len(hard),
        soft_bounced=len(soft),
        complained=len(activity.having(Mark.COMPLAINED)),
    )


def percentage(part: int, sent: int) -> float | None:
    """Two decimals, a half to the even neighbour as in the reference; None when nothing was sent."""
    if not sent:
        return None
    return float((Decimal(100 * part) / sent).quantize(_HUNDREDTH, ROUND_HALF_EVEN))
