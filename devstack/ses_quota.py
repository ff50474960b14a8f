"""How many recipients SES takes: per second of the clock, and in any 24 hours."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Allowed:
    """The account's quota; -1 for the day is no limit.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendQuota.html
    """

    max_24_hour_send: float
    max_send_rate: float


class Meter:
    """Counts what was accepted: per clock second for the rate, over the last 24 hours for the quota."""

    def __init__(self) -> None:
        self.most_in_one_second = 0
        self._second, self._in_second = 0, 0
        self._day: deque[tuple[int, int]] = deque()
        self._in_day = 0

    def rate_room(self, allowed: Allowed, now: datetime) -> int:
        """How many more this clock second takes."""
        taken = self._in_second if int(now.timestamp()) == self._second else 0
        return max(0, int(allowed.max_send_rate) - taken)

    def day_room(self, allowed: Allowed, now: datetime) -> float:
        """How many more these 24 hours take."""
        if allowed.max_24_hour_send < 0:
            return float("inf")
        return max(0.0, allowed.max_24_hour_send - self.last_24_hours(now))

    def last_24_hours(self, now: datetime) -> int:
        """How many counted in the last 24 hours."""
        oldest = int(now.timestamp()) - DAY_SECONDS
        while self._day and self._day[0][0] <= oldest:
            self._in_day -= self._day.popleft()[1]
        return self._in_day

    def took(self, now: datetime, *, counted: bool) -> None:
        """Note one accepted recipient; the mailbox simulator's (``counted`` false) do not use up the day's quota.

        https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
        """
        second = int(now.timestamp())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        self.most_in_one_second = max(self.most_in_one_second, self._in_second)
        if not counted:
            return
        self._in_day += 1
        if self._day and self._day[-1][0] == second:
            self._day[-1] = (second, self._day[-1][1] + 1)
            return
        self._day.append((second, 1))
