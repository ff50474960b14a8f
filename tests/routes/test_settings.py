"""The administrator's settings."""

import pytest

from chalicelib.domain.records import Role
from tests.world import World

DEFAULTS = {
    "massEmailMaxPerHourCount": 100,
    "massEmailMaxPerBatchCount": None,
    "massEmailMaxAttemptCount": 3,
    "massEmailDisableMandatoryOptOutLink": False,
    "massEmailOpenTracking": False,
    "massEmailSiteUrl": None,
    "outboundEmailFromAddress": None,
    "outboundEmailFromName": None,
    "sendSchedule": "rate(1 hour)",
    "senderPostalAddress": None,
    "language": "en",
    "timeZone": "UTC",
    "dateFormat": "YYYY-MM-DD",
    "softBounceLimit": 5,
    "resendAfterSilence": True,
    "guardBounceRate": 5.0,
    "guardComplaintRate": 0.1,
    "guardMinDelivered": 1000,
}


def rule(world: World) -> dict[str, str]:
    """The rule as EventBridge knows it."""
    answer: dict[str, str] = world.wiring.client("events").describe_rule(
        Name=world.wiring.environment.release_rule
    )
    return answer


def test_everybody_reads_them(world: World) -> None:
    """Before anybody changed one they are the defaults."""
    for role in Role:
        status, body = world.api("GET", "/v1/settings", token=world.token(role))
        assert (status, body) == (200, {**DEFAULTS, "modifiedAt": None, "etag": "1"})


CHANGES: dict[str, list[object]] = {
    "massEmailMaxPerHourCount": [500, 1, None],
    "massEmailMaxPerBatchCount": [50, None],
    "massEmailMaxAttemptCount": [1],
    "massEmailDisableMandatoryOptOutLink": [True],
    "massEmailOpenTracking": [True],
    "massEmailSiteUrl": [
        "https://news.example.com",
        "http://localhost:8000",
        "https://example.com/mail",
        None,
    ],
    "outboundEmailFromAddress": ["news@example.com", None],
    "outboundEmailFromName": ["Zoë & Co", ""],
    "sendSchedule": ["rate(20 minutes)", "cron(10,30,50 * * * ? *)"],
    "senderPostalAddress": ["1 rue de la Paix\n75002 Paris"],
    "language": ["fr"],
    "timeZone": ["Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+5"],
    "dateFormat": ["DD/MM/YYYY"],
    "softBounceLimit": [1],
    "resendAfterSilence": [False],
    "guardBounceRate": [2, 7.5, 0.1, 100],
    "guardComplaintRate": [0.05, 0.01],
    "guardMinDelivered": [200],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in CHANGES.items() for value in values]
)
def test_an_administrator_changes_them(world: World, name: str, value: object) -> None:
    """The change is answered and read again, the rest stays; null puts the default back, or lifts a limit."""
    status, body = world.api("PATCH", "/v1/settings", {name: value})
    assert status == 200
    assert body == world.api("GET", "/v1/settings")[1]
    assert {each: body[each] for each in DEFAULTS} == {**DEFAULTS, name: value}
    _, body = world.api("PATCH", "/v1/settings", {name: None})
    assert body[name] == (None if name in LIFTED else DEFAULTS[name])


LIFTED = {"massEmailMaxPerHourCount", "guardBounceRate", "guardComplaintRate"}
"""Limits that null takes away."""


REFUSED: dict[str, list[object]] = {
    "massEmailMaxPerHourCount": [0, -1, 1.5, "100", True],
    "massEmailMaxPerBatchCount": [0],
    "massEmailMaxAttemptCount": [0, 21],
    "massEmailOpenTracking": ["yes", 1],
    "massEmailSiteUrl": ["example.com", "ftp://example.com", "https://example.com/?a=b", "https://example.com/#x", "javascript:alert(1)", ""],
    "outboundEmailFromAddress": ["news", "News <news@example.com>", "a@b.de\nBcc: c@d.de"],
    "outboundEmailFromName": ["a\nb"],
    "sendSchedule": ["hourly", "rate(0 hours)", "rate(32 days)", "cron(0 0 1 1 ? *)", "cron(* * * * *)", "", "x" * 300],
    "senderPostalAddress": ["\x00"],
    "language": ["de", "EN"],
    "timeZone": ["Paris", "", "localtime", "../etc/passwd", "Europe", "Mars/Olympus", "europe/paris"],
    "dateFormat": ["d.m.Y"],
    "softBounceLimit": [0],
    "resendAfterSilence": ["no"],
    "guardBounceRate": [0, 101, "5", -1, 0.09, 5e-324],
    "guardComplaintRate": [0, 0.009, 5e-324, True],
    "guardMinDelivered": [0, 1.5],
    "hourlyLimit": [5],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values]
)
def test_what_is_refused_changes_nothing(world: World, name: str, value: object) -> None:
    """400 by the field's name, and neither settings nor rule change."""
    status, body = world.api("PATCH", "/v1/settings", {"softBounceLimit": 9, name: value})
    assert status == 400
    assert [error["field"] for error in body["errors"]] == [name]
    assert world.api("GET", "/v1/settings")[1]["etag"] == "1"
    assert rule(world)["ScheduleExpression"] == "rate(1 hour)"


def test_the_schedules_rule_follows(world: World) -> None:
    """Its expression alone: it stays as enabled, and with the targets, as it was."""
    events, name = world.wiring.client("events"), world.wiring.environment.release_rule
    events.disable_rule(Name=name)
    events.put_targets(
        Rule=name, Targets=[{"Id": "1", "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:x"}]
    )
    assert world.api("PATCH", "/v1/settings", {"sendSchedule": "rate(20 minutes)"})[0] == 200
    assert (rule(world)["ScheduleExpression"], rule(world)["State"]) == ("rate(20 minutes)", "DISABLED")
    assert len(events.list_targets_by_rule(Rule=name)["Targets"]) == 1
    events.enable_rule(Name=name)
    world.api("PATCH", "/v1/settings", {"sendSchedule": None})
    assert (rule(world)["ScheduleExpression"], rule(world)["State"]) == ("rate(1 hour)", "ENABLED")


def test_the_setting_is_the_truth(world: World) -> None:
    """When EventBridge does not take the rule the setting is stored all the same: sweep mends the rule."""
    events, name = world.wiring.client("events"), world.wiring.environment.release_rule
    events.remove_targets(Rule=name, Ids=["1"])
    events.delete_rule(Name=name)
    status, body = world.api("PATCH", "/v1/settings", {"sendSchedule": "rate(20 minutes)"})
    assert (status, body["sendSchedule"]) == (200, "rate(20 minutes)")
    events.put_rule(Name=name, ScheduleExpression="rate(1 hour)", State="ENABLED")


def test_a_version_that_is_gone_is_not_changed(world: World) -> None:
    """If-Match fits or the answer is 412."""
    etag = world.http("GET", "/v1/settings").headers["ETag"]
    assert world.api("PATCH", "/v1/settings", {"language": "fr"}, headers={"If-Match": etag})[0] == 200
    assert world.api("PATCH", "/v1/settings", {"language": "en"}, headers={"If-Match": etag})[0] == 412
    assert world.api("GET", "/v1/settings")[1]["language"] == "fr"


def test_what_changes_nothing_is_no_edit(world: World) -> None:
    """The version stays."""
    world.api("PATCH", "/v1/settings", {"language": "fr"})
    assert world.api("PATCH", "/v1/settings", {"language": "fr"})[1]["etag"] == "2"
    assert world.api("PATCH", "/v1/settings", {})[1]["etag"] == "2"


def test_a_trailing_slash_of_the_site_url_is_dropped(world: World) -> None:
    """Paths are put behind it."""
    _, body = world.api("PATCH", "/v1/settings", {"massEmailSiteUrl": "https://example.com/mail/"})
    assert body["massEmailSiteUrl"] == "https://example.com/mail"
