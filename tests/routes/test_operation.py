"""Quota, resume, and running the schedule now."""

from chalicelib.domain.records import Role
from chalicelib.domain.sending import SesAccount
from tests.world import World

ACCOUNT = SesAccount(
    max_24_hour_send=50_000,
    max_send_rate=14,
    sent_last_24_hours=1_200,
    production_access=False,
    sending_enabled=True,
    enforcement_status="HEALTHY",
)


def test_before_ses_was_asked_the_quota_is_unknown(world: World) -> None:
    """Only the schedule asks SES about the account: until then there are no numbers, and none are made up."""
    status, body = world.api("GET", "/v1/quota", token=world.token(Role.VIEWER))
    assert status == 200
    assert {name: value for name, value in body.items() if name != "identities"} == {
        "max24HourSend": None,
        "maxSendRate": None,
        "sentLast24Hours": None,
        "sandbox": None,
        "sendingPaused": False,
        "sendingPausedReason": None,
        "asOf": None,
    }


def test_the_quota_is_what_ses_last_said(world: World) -> None:
    """With the time when it was said, and who may send."""
    world.wiring.account.store(ACCOUNT, world.clock.now())
    world.ses.identities.add("news.example.com")
    _, body = world.api("GET", "/v1/quota")
    assert (body["max24HourSend"], body["maxSendRate"], body["sentLast24Hours"]) == (50_000, 14, 1_200)
    assert (body["sandbox"], body["sendingPaused"], body["asOf"]) == (True, False, "2026-03-02T09:00:00Z")
    assert {"name": "news.example.com", "type": "DOMAIN", "sendingEnabled": True} in body["identities"]


def test_an_administrator_lifts_a_pause(world: World) -> None:
    """The reason is told until then; an editor may not, and lifting nothing is no error."""
    world.wiring.account.hold("guard", "bounce rate 6 %", world.clock.now())
    _, body = world.api("GET", "/v1/quota")
    assert body["sendingPaused"] is True
    assert body["sendingPausedReason"] == {
        "code": "guard",
        "message": "bounce rate 6 %",
        "since": "2026-03-02T09:00:00Z",
    }
    assert world.api("POST", "/v1/quota/resume", token=world.token(Role.EDITOR))[0] == 403
    for _ in range(2):
        status, body = world.api("POST", "/v1/quota/resume")
        assert (status, body["sendingPaused"], body["sendingPausedReason"]) == (200, False, None)


def test_what_ses_itself_paused_stays_paused(world: World) -> None:
    """Nobody here can resume it."""
    world.wiring.account.store(SesAccount(0, 0, 0, True, False, "SHUTDOWN"), world.clock.now())
    _, body = world.api("POST", "/v1/quota/resume")
    assert (body["sendingPaused"], body["sendingPausedReason"]["code"]) == (True, "sesPaused")
