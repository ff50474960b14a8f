"""Portions: who may release how many, stored as plans before anything goes on the queue."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.clock import Clock
from chalicelib.domain.portions import GRANT_COUNTS_FOR, Claimant, Grant, portion, shares
from chalicelib.domain.ports import SettingsStore
from chalicelib.domain.ports_account import Account, AccountState, Allowance, Granted
from chalicelib.domain.ports_delivery import Overtaken, Runs
from chalicelib.domain.records import MassEmail
from chalicelib.domain.retries import split_off
from chalicelib.domain.runs import Phase, Plan, Run, advance, chunk_size_at
from chalicelib.errors import Deferred
from chalicelib.flows.open_plans import OpenPlans

TRIES = 10  # lost races for the allowance: ticks that overlap are two or three
GRANTED_AT_ONCE = 30  # mass emails in one transaction of at most 100 items


@dataclass(frozen=True)
class Granting:
    """Grants portions."""

    clock: Clock
    runs: Runs
    account: Account
    settings: SettingsStore
    open_plans: OpenPlans
    new_id: Callable[[datetime], str]

    def grant(
        self,
        mass_emails: Sequence[MassEmail],
        open_ids: Callable[[], Collection[str]],
        known: Mapping[str, Run] | None = None,
    ) -> Mapping[str, int]:
        """Share the portion among these mass emails In Process and put it on the queue.

        Answers how many recipients were released, of those mass emails that got something.

        Two ticks at once share one allowance: it is taken in one transaction with the plans, on condition of what was read.

        Args:
            mass_emails: Who may get a share.
            open_ids: All that may have released what is not sent yet, the paused ones too; asked where SES has a daily quota.
            known: Their runs as just read, if they were; what is stale is read again.
        """
        by_id = {each.id: each for each in mass_emails}
        released: dict[str, int] = {}
        for _ in range(TRIES):
            state, allowance = self.account.state_and_allowance()
            if state.hold is not None:
                return released
            runs = known or self.runs.get_many(by_id)
            known = None
            granted = self._plans(list(by_id.values()), runs, allowance, state, open_ids)
            try:
                for some in self._taken(allowance, granted):
                    for each in some:
                        mass_email = by_id.pop(each.plan.mass_email_id)
                        self.open_plans.begin(mass_email, each.run, each.plan)
                        released[mass_email.id] = each.plan.count
            except Overtaken:
                continue
            return released
        raise Deferred("other ticks keep taking the allowance")

    def _taken(self, allowance: Allowance, granted: Sequence[Granted]) -> Iterator[Sequence[Granted]]:
        """As many at once as a transaction holds, each time with their part of the allowance."""
        for start in range(0, len(granted), GRANTED_AT_ONCE):
            some = granted[start : start + GRANTED_AT_ONCE]
            now = self.clock.now()
            recent = [grant for grant in allowance.grants if now - grant.at < GRANT_COUNTS_FOR]
            total = sum(each.plan.count for each in some)
            allowance = replace(allowance, grants=(*recent, Grant(now, total)))
            self.account.grant(allowance, some)
            allowance = replace(allowance, rev=allowance.rev + 1)
            yield some

    def _plans(
        self,
        mass_emails: Sequence[MassEmail],
        runs: Mapping[str, Run],
        allowance: Allowance,
        state: AccountState,
        open_ids: Callable[[], Collection[str]],
    ) -> list[Granted]:
        ready = [each for each in mass_emails if _may_release(runs[each.id], each)]
        settings, account = self.settings.get(), state.account
        limited = account is not None and account.max_24_hour_send >= 0
        available = portion(
            hourly_limit=settings.mass_email_max_per_hour_count,
            grants=allowance.grants,
            now=self.clock.now(),
            max_24_hour_send=account.max_24_hour_send if account else -1,
            sent_last_24_hours=account.sent_last_24_hours if account else 0,
            released_unsent=self._unsent(open_ids()) if ready and limited else 0,
        )
        claimants = [Claimant(each.id, each.start_at, runs[each.id].remaining) for each in ready]
        given = shares(available, settings.mass_email_max_per_batch_count, claimants)
        size = chunk_size_at(account.max_send_rate if account else 1.0)
        return [self._granted(runs[key], count, size) for key, count in given.items() if count]

    def _unsent(self, open_ids: Collection[str]) -> int:
        return sum(map(self.open_plans.unsent, self.runs.get_many(open_ids).values()))

    def _granted(self, run: Run, count: int, chunk_size: int) -> Granted:
        now = self.clock.now()
        plan = Plan(
            self.new_id(now),
            run.mass_email_id,
            count,
            chunk_size,
            now,
            wave=run.retry_wave if run.retry_left else 0,
        )
        after = replace(run, open_plans=(*run.open_plans, plan.id))
        if run.retry_left:
            taken, rest = split_off(self.runs.retries(run), count, chunk_size)
            after = replace(after, retry_left=run.retry_left - count)
            return Granted(after, replace(plan, retries=taken), rest)
        end = advance(run.stretches, run.released_to, count)
        after = replace(after, released_to=end, released=run.released + count)
        return Granted(after, replace(plan, start=run.released_to, end=end))


def _may_release(run: Run, mass_email: MassEmail) -> bool:
    """Nothing is released before the freeze, or the collection of a retry, is whole."""
    return (
        run.phase is Phase.FROZEN
        and run.freeze == mass_email.freezes
        and run.retry_wave == mass_email.retry_pass
        and run.remaining > 0
    )
