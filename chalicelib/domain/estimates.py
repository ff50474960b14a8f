"""What a mass email would do if it started now: how many would get it, why others would not, how long and for how much."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True)
class Cost:
    """``amount`` is all of it, ``items`` by part: SES's own price, the send path, its feedback, its readers."""

    amount: float
    currency: str
    prices_as_of: date
    items: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Estimate:
    """``hours`` from the first tick until the last message is out, alone at today's limits; None when that never comes."""

    as_of: datetime
    recipients: int
    left_out: Mapping[str, int]  # by reason
    hours: float | None
    cost: Cost


class Estimates(Protocol):
    """The last estimate of each mass email."""

    def last(self, mass_email_id: str) -> Estimate:
        """The last one.

        Raises:
            NotFound: None was ever made.
        """
        ...

    def put(self, mass_email_id: str, estimate: Estimate) -> None:
        """Keep it in place of the one before."""
        ...
