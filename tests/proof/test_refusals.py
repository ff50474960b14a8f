"""SES says no: throttled, out of quota, paused, suspended, offended by one address, broken, slow.

Each time the state afterwards is what a person would want, its reason can be read in the API, and the send goes on to its end.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.outcomes import ENTRY_STATUSES
from chalicelib.domain.sending import Effect
from devstack.ses_faults import Faults
from tests.proof import network
from tests.proof.audit import doubled, letters
from tests.proof.company import company
from tests.proof.network import Answer, Exchange, Weather
from tests.proof.outcomes import attempts, over, recipients, records
from tests.proof.plays import small_steps
from tests.proof.stage import RATE, Stage

FIRST_CALL = 40  # recipients
NO_LIMIT = -1
REFUSED = 3  # entries of a call that get a status of their own


def faults(**changes: Any) -> Faults:
    """SES as the company knows it, but for these troubles."""
    return Faults(**{"max_send_rate": RATE, "max_24_hour_send": NO_LIMIT, **changes})


def becoming(stage: Stage, **changes: Any) -> Weather:
    """SES becomes like this at the very moment of a call."""

    def weather(exchange: Exchange) -> Answer:
        stage.ses.faults = faults(**changes)
        return exchange.arrive()

    return weather


def quota(stage: Stage) -> Mapping[str, Any]:
    """What the API says of the account."""
    return stage.http("GET", "/v1/quota")[1]


# The rate and the quota


@pytest.mark.parametrize("seed", [3, 5, 8])
def test_throttled_at_thirty_percent_of_calls(seed: int) -> None:
    """All are Sent within their hours; a throttled call costs nobody an attempt."""
    stage = company().stage(faults=faults(throttle=0.3, seed=seed))
    assert over(stage, company()) == []
    assert attempts(stage) == {1: 200}
    assert stage.ses.stats()["refusalsByReason"]["TooManyRequestsException"] > 0


def test_the_daily_quota_is_reached_in_mid_portion() -> None:
    """Somebody else used it up: the rest of the call and of the portion waits, everywhere, until SES has room again."""
    stage, made = company().stage(), company()
    stage.network.forecast = [becoming(stage, max_24_hour_send=25)]
    with small_steps():
        stage.live(timedelta(hours=20))
        assert attempts(stage) == {1: 25}
        assert stage.ses.stats()["calls"] == 1, "nobody asks again before there is room"
        assert quota(stage)["sendingPaused"] is True
        assert quota(stage)["sendingPausedReason"]["code"] == "dailyQuota"
        assert {each["status"] for each in records(stage, made)} == {"In Process"}
        assert len(recipients(stage, made, "Pending")) == 175
        stage.live(timedelta(hours=10))
        assert attempts(stage) == {1: 50}, "a day later there was room for as many"
        stage.ses.faults = faults(max_24_hour_send=500)
    assert over(stage, made) == []
    assert attempts(stage) == {1: 200}
    assert quota(stage)["sendingPaused"] is False


# The account


@pytest.mark.parametrize(
    ("trouble", "code"),
    [("sending_paused", "sendingPaused"), ("account_suspended", "accountSuspended")],
)
def test_an_account_that_may_not_send(trouble: str, code: str) -> None:
    """Both mass emails are Paused, with SES's own reason; resumed too early they are again; in the end all are Sent once."""
    stage, made = company().stage(), company()
    stage.network.forecast = [Exchange.arrive, becoming(stage, **{trouble: True})]
    with small_steps():
        stage.live(timedelta(hours=3))
        for _ in range(2):
            for each in records(stage, made):
                assert each["status"] == "Paused"
                assert (each["statusReason"]["code"], each["statusReason"]["by"]) == (code, "system")
                assert each["statusReason"]["message"]
            assert quota(stage)["sendingPaused"] is True
            assert Counter(each["attemptCount"] for each in recipients(stage, made, "Pending")) == {0: 160}
            resume(stage)
            stage.live(timedelta(hours=2))
        stage.ses.faults = faults()
        resume(stage)
    assert over(stage, made) == []
    assert attempts(stage) == {1: 200}


def resume(stage: Stage) -> None:
    """A person resumes all mass emails."""
    for mass_email_id in company().mass_emails:
        status, answer = stage.http("POST", f"/v1/mass-emails/{mass_email_id}/resume")
        assert (status, answer["status"]) == (200, "In Process")


# One of many


def test_one_bad_address_among_fifty() -> None:
    """Halved until it stands alone: this one has failed, with SES's reason; all others are Sent, at their first attempt."""
    stage, made = company().stage(), company()
    stage.network.climate = network.offended_by("p20@example.org")
    with small_steps():
        assert stage.settle(), stage.troubles
    [failed] = recipients(stage, made, "Failed")
    assert (failed["emailAddress"], failed["reason"]) == ("p20@example.org", "badRequest")
    assert {each["status"] for each in records(stage, made)} == {"Complete"}
    assert not doubled(stage)
    assert attempts(stage) == {1: 199}
    halvings = 2 * 6  # 40, 20, 10, 5, 3, 2, 1
    assert stage.ses.stats()["calls"] <= 7 + halvings


@pytest.mark.parametrize(
    "text", ["Invalid address {address}", "'{address}' is no address: Missing final '@domain'"]
)
def test_bad_addresses_that_ses_names_are_their_own_fault(text: str) -> None:
    """Three of them, with one sentence but for the address: three have failed, nobody else waits for a person."""
    bad = [f"p{number}@example.org" for number in (20, 21, 50)]
    stage, made = company().stage(), company()
    stage.network.climate = network.offended_by(*bad, text=text)
    with small_steps():
        assert stage.settle(), stage.troubles
    assert sorted(each["emailAddress"] for each in recipients(stage, made, "Failed")) == bad
    assert {each["status"] for each in records(stage, made)} == {"Complete"}
    assert attempts(stage) == {1: 197}


def test_a_mass_email_that_ses_refuses_whoever_it_is_for_stops() -> None:
    """Two people alone with one and the same sentence: Paused, with the sentence; mended and retried, all are Sent."""
    stage, made = company().stage(), company()
    stage.network.climate = network.refused("BadRequestException", "Invalid template content.")
    with small_steps():
        stage.live(timedelta(hours=4))
        for each in records(stage, made):
            assert each["status"] == "Paused"
            assert each["statusReason"]["code"] == "badRequest"
            assert each["statusReason"]["message"] == "Invalid template content."
        assert len(recipients(stage, made, "Failed")) == 4, "two of each, no more"
        stage.network.climate = Exchange.arrive
        resume(stage)
        assert stage.settle(), stage.troubles
        assert not letters(stage)[196:]
        retry_failed(stage)
    assert over(stage, made) == []


def retry_failed(stage: Stage) -> None:
    """A person sends again what failed."""
    for mass_email_id in company().mass_emails:
        assert stage.http("POST", f"/v1/mass-emails/{mass_email_id}/retry-failed")[0] == 200


# Statuses of entries

NEW_STATUS = "SOMETHING_NEW"
RETRIED_AT = {Effect.BACK: 1, Effect.QUOTA: 1, Effect.STOP: 1, Effect.ATTEMPT: 2, Effect.UNKNOWN: 2}
"""The attempt that an entry's message bears in the end, by what its status meant."""


@pytest.mark.parametrize("status", [*sorted(set(ENTRY_STATUSES) - {"SUCCESS"}), NEW_STATUS])
def test_every_status_of_an_entry(status: str) -> None:
    """Three entries of the first call get it: they fail, wait, or stop the mass email, and all that can be sent is, once."""
    effect = ENTRY_STATUSES.get(status, Effect.UNKNOWN)
    stage, made = company().stage(), company()
    stage.network.forecast = [network.entries_refused([status] * REFUSED)]
    with small_steps():
        stage.live(timedelta(minutes=2))
        stopped = [each for each in records(stage, made) if each["status"] == "Paused"]
        assert len(stopped) == (effect is Effect.STOP)
        for each in stopped:
            assert each["statusReason"]["message"] == "Some sentence."
            assert stage.http("POST", f"/v1/mass-emails/{each['id']}/resume")[0] == 200
    if effect is not Effect.FINAL:
        assert over(stage, made) == []
        assert attempts(stage) == dict(Counter({1: 197}) + Counter({RETRIED_AT[effect]: REFUSED}))
        return
    with small_steps():
        assert stage.settle(), stage.troubles
    failed = recipients(stage, made, "Failed")
    assert len(failed) == REFUSED
    assert {each["reason"].lower() for each in failed} == {status.replace("_", "").lower()}
    assert {each["status"] for each in records(stage, made)} == {"Complete"}
    assert attempts(stage) == {1: 197}


def test_an_unknown_status_with_a_message_id_is_sent() -> None:
    """It was accepted, whatever SES calls that by now."""

    def renamed(exchange: Exchange) -> Answer:
        answer = exchange.arrive()
        return {
            "BulkEmailEntryResults": [
                {**each, "Status": NEW_STATUS} for each in answer["BulkEmailEntryResults"]
            ]
        }

    stage = company().stage()
    stage.network.climate = renamed
    assert over(stage, company()) == []
    assert attempts(stage) == {1: 200}


def test_all_statuses_at_once() -> None:
    """Any mixture, in every call of two days: nobody gets two, nobody is lost, and each failure has its reason."""
    stage = company().stage(
        faults=faults(
            mixed_status=0.3,
            seed=7,
            statuses=("TRANSIENT_FAILURE", "ACCOUNT_THROTTLED", "FAILED", NEW_STATUS),
        )
    )
    made = company()
    with small_steps():
        assert stage.settle(timedelta(hours=48)), stage.troubles
    assert not doubled(stage)
    ends = {status: recipients(stage, made, status) for status in ("Sent", "Failed", "Unknown")}
    assert sum(map(len, ends.values())) == 200
    assert {each["reason"] for each in ends["Failed"]} <= {"failed", "attemptsExhausted"}
    assert {each["reason"] for each in ends["Unknown"]} <= {"silent"}
    assert {each.recipient_id for each in letters(stage)} == {each["id"] for each in ends["Sent"]}


# Breakdowns


TROUBLES: Mapping[str, tuple[Weather, int]] = {
    "500, nothing accepted": (network.broken_before, 2),
    "500, all accepted": (network.broken_after, 1),
    "503 of a proxy": (network.refused("", "<html>Service Unavailable</html>", 503), 2),
    "connection refused": (network.never_connected, 1),
    "reset, nothing accepted": (network.lost_on_the_way, 2),
    "reset, all accepted": (network.answer_lost, 1),
    "time-out": (network.time_out_after_accepting, 1),
    "unreadable answer": (lambda exchange: {"Unexpected": [str(exchange.arrive())]}, 1),
}
"""What happens to a call, and the attempt that its messages bear in the end."""


@pytest.mark.parametrize("name", TROUBLES)
def test_breakdowns(name: str) -> None:
    """Every second call of the send breaks down like this: each message is sent once, if later."""
    weather, attempt = TROUBLES[name]
    stage = company().stage()
    stage.network.forecast = [weather, Exchange.arrive] * 2
    assert over(stage, company()) == []
    assert set(attempts(stage)) == {1, attempt}


@pytest.mark.parametrize("seconds", [3, 9, 60])
def test_slow_answers(seconds: float) -> None:
    """SES takes its time over every call: nobody loses patience, and nobody is sent two."""

    def slow(exchange: Exchange) -> Answer:
        answer = exchange.arrive()
        stage.clock.advance(seconds)
        return answer

    stage = company().stage()
    stage.network.climate = slow
    assert over(stage, company()) == []
    assert attempts(stage) == {1: 200}
