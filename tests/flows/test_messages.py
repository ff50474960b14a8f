"""What settings, mass email and template say reaches the message."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.records import TrackLinks
from tests.flows.stage import Stage


@pytest.fixture
def stage() -> Stage:
    """Nobody yet."""
    return Stage()


@pytest.mark.parametrize(
    ("setting", "value", "field", "expected"),
    [
        ("mass_email_open_tracking", True, "open_tracking", True),
        ("mass_email_disable_mandatory_opt_out_link", True, "mandatory_opt_out", False),
        ("mass_email_site_url", "https://links.example/", "base_url", "https://links.example"),
        ("outbound_email_from_address", "post@acme.example", "from_address", "post@acme.example"),
        ("outbound_email_from_name", "Acme", "from_name", "Acme"),
        ("sender_postal_address", "1 High Street", "sender_postal_address", "1 High Street"),
        ("language", "fr", "language", "fr"),
        ("time_zone", "Europe/Paris", "time_zone", "Europe/Paris"),
        ("date_format", "DD.MM.YYYY", "date_format", "DD.MM.YYYY"),
    ],
)
def test_each_setting_counts(stage: Stage, setting: str, value: Any, field: str, expected: Any) -> None:
    """What was not so before is so as soon as the setting says it (rows 12, 48, 52, 53, 60, 61)."""
    mass_email = stage.to_people(1)
    assert getattr(stage.messages.source(mass_email), field) != expected
    stage.org.set(**{setting: value})
    assert getattr(stage.messages.source(mass_email), field) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from_address", "spring@acme.example"),
        ("from_name", "Spring"),
        ("reply_to_address", "answers@acme.example"),
        ("reply_to_name", "Answers"),
        ("track_links", TrackLinks.ALL),
    ],
)
def test_what_the_mass_email_says_goes_before_the_settings(stage: Stage, field: str, value: Any) -> None:
    """Its own sender, reply-to and ``trackLinks`` (rows 12, 57)."""
    stage.org.set(outbound_email_from_name="Acme")
    mass_email = stage.to_people(1)
    assert getattr(stage.messages.source(mass_email), field) != value
    assert getattr(stage.messages.source(replace(mass_email, **{field: value})), field) == value


def test_links_start_at_the_setting_else_at_the_stage(stage: Stage) -> None:
    """The setting goes first where both are known (row 60)."""
    messages = replace(stage.messages, public_url=lambda: "https://stage.example/prod")
    mass_email = stage.to_people(1)
    stage.org.set(mass_email_site_url="https://links.example")
    assert messages.source(mass_email).base_url == "https://links.example"
    stage.org.set(mass_email_site_url=None)
    assert messages.source(mass_email).base_url == "https://stage.example/prod"
