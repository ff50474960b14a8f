"""The administrator's settings: read by all, changed by administrators."""

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import Role
from chalicelib.domain.web_addresses import MAX_URL, web_address_problem
from chalicelib.routes.answers import Answer
from chalicelib.routes.blueprint import EnvoiBlueprint
from chalicelib.routes.bodies import Address, Body, Line, Text
from chalicelib.routes.reading import Patch
from chalicelib.wiring import current

blueprint = EnvoiBlueprint(__name__)
_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})  # files beside the zones, and no zones


class Language(StrEnum):
    """The languages of pages and of the mandatory opt-out's label."""

    ENGLISH = "en"
    FRENCH = "fr"


class DateFormat(StrEnum):
    """How dates are written in messages; the formats of the reference."""

    ISO = "YYYY-MM-DD"
    AMERICAN = "MM/DD/YYYY"
    EUROPEAN = "DD.MM.YYYY"
    BRITISH = "DD/MM/YYYY"
    DASHED = "DD-MM-YYYY"
    SLASHED = "YYYY/MM/DD"


def _time_zone_problem(name: str) -> str | None:
    return None if name in _time_zones() else "is not a time zone of the IANA database, such as Europe/Paris"


@cache
def _time_zones() -> frozenset[str]:
    from zoneinfo import available_timezones  # noqa: PLC0415 - only who changes settings needs the list

    return frozenset(available_timezones()) - _NO_ZONES


def _site_url_problem(url: str) -> str | None:
    problem = web_address_problem(url)
    if problem is not None:
        return problem
    parts = urlsplit(url)
    return (
        "must have no query and no fragment: paths are put behind it"
        if parts.query or parts.fragment
        else None
    )


def _without_slash(url: str) -> str:
    return url.rstrip("/")


SiteUrl = Annotated[
    str,
    Meta(
        max_length=MAX_URL,
        extra={"rule": _site_url_problem, "finish": _without_slash},
        extra_json_schema={"format": "uri"},
    ),
]
TimeZone = Annotated[str, Meta(max_length=64, extra={"rule": _time_zone_problem})]
Positive = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Attempts = Annotated[int, Meta(ge=1, le=20)]
BounceRate = Annotated[float, Meta(ge=0.1, le=100)]  # one in a thousand is less than any list bounces
ComplaintRate = Annotated[float, Meta(ge=0.01, le=100)]  # SES itself counts from 0.1 on


class SettingsFields(Body, kw_only=True, frozen=True):
    """Every setting with its default; numbers are recipients, attempts and bounces, rates percent of a day's messages."""

    mass_email_max_per_hour_count: Positive | None = 100
    mass_email_max_per_batch_count: Positive | None = None
    mass_email_max_attempt_count: Attempts = 3
    mass_email_disable_mandatory_opt_out_link: bool = False
    mass_email_open_tracking: bool = False
    mass_email_site_url: SiteUrl | None = None
    outbound_email_from_address: Address | None = None
    outbound_email_from_name: Line | None = None
    send_schedule: Annotated[str, Meta(max_length=256)] = "rate(1 hour)"
    sender_postal_address: Text | None = None
    language: Language = Language.ENGLISH
    time_zone: TimeZone = "UTC"
    date_format: DateFormat = DateFormat.ISO
    soft_bounce_limit: Positive = 5
    resend_after_silence: bool = True
    guard_bounce_rate: BounceRate | None = 5.0
    guard_complaint_rate: ComplaintRate | None = 0.1
    guard_min_delivered: Positive = 1000


class SettingsAnswer(Answer, kw_only=True, frozen=True):
    """The settings; ``modifiedAt`` is null until somebody changes one."""

    mass_email_max_per_hour_count: int | None
    mass_email_max_per_batch_count: int | None
    mass_email_max_attempt_count: int
    mass_email_disable_mandatory_opt_out_link: bool
    mass_email_open_tracking: bool
    mass_email_site_url: str | None
    outbound_email_from_address: str | None
    outbound_email_from_name: str | None
    send_schedule: str
    sender_postal_address: str | None
    language: str
    time_zone: str
    date_format: str
    soft_bounce_limit: int
    resend_after_silence: bool
    guard_bounce_rate: float | None
    guard_complaint_rate: float | None
    guard_min_delivered: int
    modified_at: datetime | None
    etag: str


@blueprint.route("/v1/settings", role=Role.VIEWER)
def read_settings() -> SettingsAnswer:
    """Read the settings."""
    return SettingsAnswer.of(current().settings.read())


@blueprint.route("/v1/settings", methods=["PATCH"], role=Role.ADMIN)
def change_settings(body: Patch[SettingsFields], if_match: IfMatch) -> SettingsAnswer:
    """Change settings; null puts a setting's default back, or lifts a limit."""
    return SettingsAnswer.of(current().settings.change(body.changes, if_match=if_match))
