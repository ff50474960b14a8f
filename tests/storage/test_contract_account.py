"""The contract of what is stored of the SES account: its answer, holds, the hour's allowance; on every store."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.portions import Grant
from chalicelib.domain.ports_account import AccountState, Allowance, Granted
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.runs import Plan, Run
from chalicelib.domain.sending import SesAccount
from chalicelib.storage.account import DynamoAccount
from chalicelib.storage.events import DynamoEvents
from chalicelib.storage.runs import DynamoRuns
from chalicelib.storage.table import Table
from tests.fakes.people import key_of
from tests.storage.conftest import EVERY_STORE, fresh_table
from tests.storage.test_contract_ledger import MASS_EMAIL

NOW = datetime(2026, 3, 2, 9, 30, 1, 250_000, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
SES = SesAccount(
    max_24_hour_send=-1.0,
    max_send_rate=14.0,
    sent_last_24_hours=12.5,
    production_access=True,
    sending_enabled=False,
    enforcement_status="PROBATION",
    pricing={"CurrentPlan": "ESSENTIALS"},
)


@pytest.fixture(params=EVERY_STORE)
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """An empty table, on each store in turn."""
    with fresh_table(request.param) as made:
        yield made


@pytest.fixture
def account(table: Table) -> DynamoAccount:
    """The store under test."""
    return DynamoAccount(table)


def test_what_ses_said(account: DynamoAccount) -> None:
    """With its time; nothing before the first answer; a hold and the tick stay beside it."""
    assert account.state() == AccountState()
    account.hold("guard", "too many bounces", NOW)
    account.ticked(NOW)
    stored = account.store(SES, LATER)
    expected = AccountState(SES, LATER, "guard", "too many bounces", NOW, NOW)
    assert stored == expected == account.state()
    assert account.store(SES, LATER, ticked_at=LATER).ticked_at == LATER


def test_state_and_allowance_at_once(account: DynamoAccount) -> None:
    """As each is told alone, also when nothing is stored."""
    assert account.state_and_allowance() == (AccountState(), Allowance())
    account.store(SES, NOW)
    assert account.state_and_allowance() == (account.state(), Allowance())
    account.grant(Allowance((Grant(NOW, 10),)), [granted(0)])
    assert account.state_and_allowance() == (account.state(), account.allowance())
    assert account.allowance().grants == (Grant(NOW, 10),)


def test_the_first_hold_stays_until_it_is_lifted(account: DynamoAccount) -> None:
    """A second reason does not hide the first, and lifting another lifts nothing."""
    account.hold("dailyQuota", "used up", NOW)
    account.hold("guard", "too many bounces", LATER)
    assert account.state().hold == "dailyQuota"
    account.lift("guard")
    assert account.state().hold == "dailyQuota"
    account.lift("dailyQuota")
    assert account.state() == AccountState()
    account.lift("dailyQuota")
    account.hold("guard", "too many bounces", LATER)
    assert (account.state().hold, account.state().hold_since) == ("guard", LATER)


def granted(number: int, rev: int = 0) -> Granted:
    mass_email_id = f"{int(MASS_EMAIL, 16) + number:017x}"
    plan = Plan(f"{number:017x}", mass_email_id, 10, 50, NOW)
    return Granted(Run(mass_email_id, released=10, open_plans=(plan.id,), rev=rev), plan)


def test_a_grant_is_all_or_nothing(account: DynamoAccount, table: Table) -> None:
    """Allowance, runs and plans; whoever read an older allowance, or an older run, has written nothing."""
    runs = DynamoRuns(table)
    first = granted(0)
    account.grant(Allowance((Grant(NOW, 10),)), [first])
    assert account.allowance() == Allowance((Grant(NOW, 10),), 1)
    assert runs.get(first.run.mass_email_id) == replace(first.run, rev=1)
    assert list(runs.plans(first.run.mass_email_id, [first.plan.id])) == [first.plan]
    with pytest.raises(Overtaken):
        account.grant(Allowance((Grant(NOW, 99),)), [granted(1)])
    with pytest.raises(Overtaken):
        account.grant(Allowance((Grant(NOW, 99),), 1), [granted(1), granted(0)])
    assert account.allowance() == Allowance((Grant(NOW, 10),), 1)
    assert runs.get(granted(1).run.mass_email_id).released == 0
    assert list(runs.plans(granted(1).run.mass_email_id, [granted(1).plan.id])) == []


def test_a_grant_of_a_retry_takes_its_places_with_it(account: DynamoAccount, table: Table) -> None:
    """What still waits is stored in the same transaction."""
    runs = DynamoRuns(table)
    run = Run(MASS_EMAIL, retry_wave=1, retry_left=3)
    run = runs.save(replace(run, retry_pages=runs.put_retries(run, [(0, 1, 2), (4, 0)])))
    plan = Plan("a" * 17, MASS_EMAIL, 2, 50, NOW, wave=1, retries=((0, 1, 2),))
    account.grant(Allowance(), [Granted(replace(run, retry_left=1), plan, [(4, 0)])])
    after = runs.get(MASS_EMAIL)
    assert (after.retry_left, list(runs.retries(after))) == (1, [(4, 0)])
    assert list(runs.plans(MASS_EMAIL, [plan.id])) == [plan]


def test_thirty_at_once(account: DynamoAccount) -> None:
    """As many as one transaction may hold."""
    account.grant(Allowance((Grant(NOW, 300),)), [granted(number) for number in range(30)])
    assert account.allowance().rev == 1


def test_one_of_many_ticks(account: DynamoAccount) -> None:
    """Eight at once with one allowance."""
    account.grant(Allowance(), [])
    allowance = account.allowance()

    def grant(number: int) -> bool:
        try:
            account.grant(allowance, [granted(number)])
        except Overtaken:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(grant, range(8))) == 1


def test_the_last_event(account: DynamoAccount, table: Table) -> None:
    """None before the first."""
    assert account.last_send_event_at() is None
    DynamoEvents(table, key_of).stream_is_alive(NOW)
    assert account.last_send_event_at() == NOW
