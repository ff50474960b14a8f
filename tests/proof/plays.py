"""The sends that are played: what people do in each, and what must have come of it however often somebody died."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from chalicelib.domain.ledger import RecipientStatus
from chalicelib.domain.ports import Membership
from chalicelib.domain.records import MassEmailStatus
from chalicelib.flows import freeze, granting, open_plans, release
from chalicelib.flows.sweep import SETTLE_AFTER
from tests.proof.audit import FINAL, findings, letters, lines
from tests.proof.company import Company, Expected, company
from tests.proof.network import entries_refused, half_accepted, lost_on_the_way, offended_by, refused
from tests.proof.stage import HOUR, SWEEP_EVERY, Stage

PATIENCE, LOOK_EVERY = 12 * HOUR, 3 * SWEEP_EVERY
Act = tuple[timedelta, str, str, object]
"""After so much time: method, path and body of a call of the API."""


@dataclass(frozen=True)
class Play:
    """One send. ``acts`` are what people do; ``check`` says what is wrong in the end; ``weather`` is what SES is like.

    ``look`` is what a person does every quarter of an hour until all is over.
    """

    name: str
    company: Callable[[], Company]
    acts: Callable[[Company], Sequence[Act]]
    check: Callable[[Stage, Company], list[str]]
    weather: Callable[[Stage], None] = lambda stage: None
    look: Callable[[Stage, Company], None] = lambda stage, company: None

    def run(self, **options: Any) -> tuple[Stage, list[str]]:
        """Play it to its end; the stage, and all that is wrong."""
        with small_steps():
            company = self.company()
            stage = company.stage(**options)
            self.weather(stage)
            for wait, method, path, body in self.acts(company):
                stage.live(wait)
                status, answer = stage.http(method, path, body)
                if status not in (
                    200,
                    409,
                ):  # what was to be paused may not run yet, or be over, after a death
                    stage.troubles.append(f"{method} {path}: {status} {answer}")
            is_over = self._settle(stage, company)
            stage.live(HOUR)  # with one more tick, for which nothing may be left
            if not is_over or not stage.settle(HOUR):
                stage.troubles.append("twelve hours were not enough")
            return stage, self.check(stage, company)

    def _settle(self, stage: Stage, company: Company) -> bool:
        for _ in range(PATIENCE // LOOK_EVERY):
            if stage.settle(LOOK_EVERY):
                return True
            self.look(stage, company)
        return stage.is_quiet()


@contextmanager
def small_steps() -> Iterator[None]:
    """The product's own step sizes are for thousands: with these, 200 recipients need several of each kind."""
    with pytest.MonkeyPatch.context() as constants:
        constants.setattr(release, "FROZEN_HERE", 100)
        constants.setattr(freeze, "STEP_MEMBERS", 30)
        constants.setattr(freeze, "STEP_SEGMENTS", 1)
        constants.setattr(freeze, "STEP_LEFT_OUT", 50)
        constants.setattr(granting, "GRANTED_AT_ONCE", 1)
        constants.setattr(open_plans, "ENQUEUED_AT_ONCE", 2)
        yield


def _everybody_once(stage: Stage, company: Company) -> list[str]:
    return findings(stage, company.mass_emails)


def _first(company: Company) -> str:
    return f"/v1/mass-emails/{next(iter(company.mass_emails))}"


def _pausing(company: Company) -> Sequence[Act]:
    """Paused before its freeze begins at the earliest, resumed, paused again in the middle, resumed."""
    path = _first(company)
    return [
        (timedelta(), "POST", f"{path}/pause", None),
        (timedelta(minutes=20), "POST", f"{path}/resume", None),
        (timedelta(minutes=70), "POST", f"{path}/pause", None),
        (timedelta(minutes=70), "POST", f"{path}/resume", None),
    ]


def _canceling(company: Company) -> Sequence[Act]:
    return [(timedelta(minutes=70), "POST", f"{_first(company)}/cancel", None)]


def _canceled(stage: Stage, company: Company) -> list[str]:
    """The first is Canceled: who was not sent to is Skipped, nobody is in between, nobody got two. The second is whole."""
    first, *others = company.mass_emails
    found = findings(stage, {each: company.mass_emails[each] for each in others})
    record = stage.eye.mass_email_store.get(first)
    if record.status is not MassEmailStatus.CANCELED:
        found.append(f"{first} is {record.status}")
    sent = {letter.recipient_id for letter in letters(stage)}
    for line in lines(stage, record):
        is_sent = line.state.status is RecipientStatus.SENT
        if line.state.status not in FINAL or is_sent != (line.recipient_id in sent):
            found.append(
                f"{line.recipient_id} is {line.state.status}, SES has it: {line.recipient_id in sent}"
            )
    counts = stage.http("GET", f"/v1/mass-emails/{first}")[1]["counts"]
    if counts["Sent"] != sum(each.startswith(first[:11]) for each in sent):
        found.append(f"{first}: the API counts {counts}")
    return found


@cache
def with_failures() -> Company:
    """Both mass emails are Complete, but in each call the first three entries failed, with no attempt left."""
    made = company()
    stage = made.stage()
    store = stage.process("founder").settings_store
    settings = store.fresh()
    store.replace(replace(settings, mass_email_max_attempt_count=1), expected_rev=settings.rev)
    stage.network.climate = entries_refused(["TRANSIENT_FAILURE"] * 3)
    assert stage.settle(), stage.troubles
    store.replace(replace(store.fresh(), mass_email_max_attempt_count=3), expected_rev=settings.rev + 1)
    stage.live(HOUR)
    return made.later(stage)


def _retrying(company: Company) -> Sequence[Act]:
    return [
        (timedelta(), "POST", f"/v1/mass-emails/{mass_email_id}/retry-failed", None)
        for mass_email_id in company.mass_emails
    ]


@cache
def with_more_members() -> Company:
    """Both are Complete, and since then 25 of the second's readers have joined the first's lists."""
    made = company()
    stage = made.stage()
    assert stage.settle(), stage.troubles
    first, second = made.mass_emails
    founder = stage.process("founder")
    new = [line.member for line in lines(stage, founder.mass_email_store.get(second))][-25:]
    readers = founder.mass_email_store.get(first).target_list_ids[0]
    founder.memberships.add(readers, [Membership(readers, each.target_type, each.target_id) for each in new])
    expected = dict(made.mass_emails)
    expected[first] = Expected(155, Counter(alreadySent=130), earlier=120)
    stage.live(HOUR)
    return made.later(stage, expected)


def _again(company: Company) -> Sequence[Act]:
    return [(timedelta(), "PATCH", _first(company), {"status": "Pending"})]


@cache
def with_silence() -> Company:
    """Two calls of the last portion were never answered: the first reached half of its people, the second nobody.

    The end of ``settleAfter`` is five minutes away.
    """
    made = company()
    stage = made.stage()
    with small_steps():
        stage.live(2 * HOUR - SWEEP_EVERY)
        stage.network.forecast = [half_accepted, lost_on_the_way]
        stage.live(SETTLE_AFTER)
    return made.later(stage)


@cache
def with_an_offender() -> Company:
    """As :func:`with_failures`; the first is retried, and of those who failed in it SES never takes a message for the last."""
    made = with_failures()
    stage = made.stage()
    first, second = made.mass_emails
    expected = {
        first: replace(made.mass_emails[first], failed=_failed(stage, first)[-1:]),
        second: replace(made.mass_emails[second], failed=_failed(stage, second)),
    }
    return replace(made, mass_emails=expected)


def _failed(stage: Stage, mass_email_id: str) -> list[str]:
    """The addresses of its recipients that are Failed, in order."""
    ledger = lines(stage, stage.eye.mass_email_store.get(mass_email_id))
    return [str(each.member.email_address) for each in ledger if each.state.status is RecipientStatus.FAILED]


def _retrying_first(company: Company) -> Sequence[Act]:
    return _retrying(company)[:1]


def _stopped(stage: Stage) -> None:
    """SES has no room left for today, then sending is paused, then one address offends it."""
    [offender] = next(iter(with_an_offender().mass_emails.values())).failed
    stage.network.forecast = [
        refused("LimitExceededException", "Daily message quota exceeded."),
        refused("SendingPausedException", "Sending is paused."),
    ]
    stage.network.climate = offended_by(offender)


def _resuming(stage: Stage, company: Company) -> None:
    """A person resumes what SES has stopped."""
    for mass_email_id in company.mass_emails:
        path = f"/v1/mass-emails/{mass_email_id}"
        if stage.http("GET", path)[1]["status"] == "Paused":
            assert stage.http("POST", f"{path}/resume")[0] == 200


def _nobody(_: Company) -> Sequence[Act]:
    return ()


PLAYS: Mapping[str, Play] = {
    play.name: play
    for play in (
        Play("send", company, _nobody, _everybody_once),
        Play("pause", company, _pausing, _everybody_once),
        Play("cancel", company, _canceling, _canceled),
        Play("retry", with_failures, _retrying, _everybody_once),
        Play("again", with_more_members, _again, _everybody_once),
        Play("settle", with_silence, _nobody, _everybody_once),
        Play("trouble", with_an_offender, _retrying_first, _everybody_once, _stopped, _resuming),
    )
}
