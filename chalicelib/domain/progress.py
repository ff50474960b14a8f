"""How far a mass email is, as its answers show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.ledger import RecipientStatus


@dataclass(frozen=True)
class Progress:
    """``counts`` are recipients by status, tests left out; ``next_run_at`` is when the schedule next looks at it.

    ``blocked_by`` says what holds it back now: ``inactiveCampaign, hourlyLimit, dailyQuota, senderNotVerified, sandbox,
    noSiteUrl, scheduleOff``. ``warnings`` hold nothing back, but a person should know: ``noPostalAddress``.
    """

    counts: Mapping[RecipientStatus, int] = field(default_factory=dict)
    next_run_at: datetime | None = None
    blocked_by: Sequence[str] = ()
    warnings: Sequence[str] = ()
