"""What an administrator changes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class OrgSettings:
    """What an administrator changes; ``rev`` makes the ETag."""

    mass_email_max_per_hour_count: int | None = 100
    mass_email_max_per_batch_count: int | None = None
    mass_email_max_attempt_count: int = 3
    mass_email_disable_mandatory_opt_out_link: bool = False
    mass_email_open_tracking: bool = False
    mass_email_site_url: str | None = None
    outbound_email_from_address: str | None = None
    outbound_email_from_name: str | None = None
    send_schedule: str = "rate(1 hour)"
    sender_postal_address: str | None = None
    language: str = "en"
    time_zone: str = "UTC"
    date_format: str = "YYYY-MM-DD"
    soft_bounce_limit: int = 5
    resend_after_silence: bool = True
    guard_bounce_rate: float | None = 5.0  # percent of a day's messages; None: bounces never pause sending
    guard_complaint_rate: float | None = 0.1  # the same of complaints
    guard_min_delivered: int = 1000  # messages below which a rate says nothing
    rev: int = 1
    modified_at: datetime | None = None
