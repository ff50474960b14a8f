"""Portions: who may release how many, stored as plans before anything goes on the queue."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import base_of
from chalicelib.domain.portions import GRANT_COUNTS_FOR, Claimant, Grant, portion, shares
from chalicelib.domain.ports import Outbox, SettingsStore
from chalicelib.domain.ports_delivery import (
    Account,
    AccountState,
    Allowance,
    Granted,
    Ledger,
    Overtaken,
    Runs,
)
from chalicelib.domain.queue import ChunkMessage
from chalicelib.domain.records import MassEmail
from chalicelib.domain.retries import split_off
from chalicelib.domain.runs import Phase, Plan, Run, advance, chunk_size_at, chunks_of, segments_of
from chalicelib.errors import Deferred

TRIES = 10  # lost races for the allowance: ticks that overlap are two or three
GRANTED_AT_ONCE = 30  # mass emails in one transaction of at most 100 items


@dataclass(frozen=True)
class Granting:
    """Grants portions and works their plans off."""

    clock: Clock
    runs: Runs
    ledger: Ledger
    account: Account
    settings: SettingsStore
    outbox: Outbox
    new_id: Callable[[datetime], str]

    def grant(self, mass_emails: Sequence[MassEmail]) -> int:
        """Share the portion among these mass emails In Process and put it on the queue; answers how many were released.

        Two ticks at once share one allowance: it is taken in one transaction with the plans, on condition of what was read.
        """
        for _ in range(TRIES):
            allowance = self.account.allowance()
            state = self.account.state()
            if state.hold is not None:
                return 0
            granted = self._plans(mass_emails, allowance, state)
            if not granted:
                return 0
            total = sum(each.plan.count for each in granted)
            now = self.clock.now()
            recent = [grant for grant in allowance.grants if now - grant.at < GRANT_COUNTS_FOR]
            try:
                self.account.grant(replace(allowance, grants=(*recent, Grant(now, total))), granted)
            except Overtaken:
                continue
            by_id = {each.id: each for each in mass_emails}
            for each in granted:
                self._work_off(by_id[each.plan.mass_email_id], each.run, each.plan)
            return total
        raise Deferred("other ticks keep taking the allowance")

    def work_off_open_plans(self, mass_email: MassEmail) -> None:
        """Put on the queue what is planned and is not certainly there."""
        run = self.runs.get(mass_email.id)
        for plan in self.runs.plans(mass_email.id, run.open_plans):
            resumed = (
                run.resumed_at is not None
                and plan.enqueued_at is not None
                and plan.enqueued_at < run.resumed_at
            )
            if plan.enqueued_at is None or resumed:
                self._work_off(mass_email, run, plan)

    def _plans(
        self, mass_emails: Sequence[MassEmail], allowance: Allowance, state: AccountState
    ) -> list[Granted]:
        runs = {each.id: self.runs.get(each.id) for each in mass_emails}
        ready = [each for each in mass_emails if _may_release(runs[each.id], each)][:GRANTED_AT_ONCE]
        settings = self.settings.get()
        account = state.account
        available = portion(
            hourly_limit=settings.mass_email_max_per_hour_count,
            grants=allowance.grants,
            now=self.clock.now(),
            max_24_hour_send=account.max_24_hour_send if account else -1,
            sent_last_24_hours=account.sent_last_24_hours if account else 0,
            released_unsent=self._unsent(runs.values()) if account and account.max_24_hour_send >= 0 else 0,
        )
        claimants = [Claimant(each.id, each.start_at, runs[each.id].remaining) for each in ready]
        given = shares(available, settings.mass_email_max_per_batch_count, claimants)
        size = chunk_size_at(account.max_send_rate if account else 1.0)
        return [self._granted(runs[key], count, size) for key, count in given.items() if count]

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

    def _unsent(self, runs: Iterable[Run]) -> int:
        """How many were released and have no result yet: SES does not count them as sent, and they will be."""
        unsent = 0
        for run in runs:
            for plan in self.runs.plans(run.mass_email_id, run.open_plans):
                decided = 0
                for segment in self.ledger.progress(
                    base_of(run.mass_email_id), segments_of(plan, run.stretches)
                ):
                    decided += sum(len(chunk.results) for chunk in segment.chunks.values())
                unsent += max(0, plan.count - decided)
        return unsent

    def _work_off(self, mass_email: MassEmail, run: Run, plan: Plan) -> None:
        """Put every chunk on the queue; one that is there twice is sent once, for only one worker can claim it."""
        messages = []
        planned = list(chunks_of(plan, run.stretches))
        for place, each in enumerate(planned):
            if plan.wave:
                self.ledger.add_chunk(base_of(mass_email.id), each.segment, replace(each.chunk, state="W1"))
            messages.append(
                ChunkMessage(
                    mass_email.id,
                    mass_email.campaign_id,
                    each.segment,
                    each.chunk.name,
                    go=1 if plan.wave else 0,
                    plan_id=plan.id,
                    last=place == len(planned) - 1,
                ).to_json()
            )
        self.outbox.chunks(messages)
        self.runs.save_plan(replace(plan, enqueued_at=self.clock.now()))


def _may_release(run: Run, mass_email: MassEmail) -> bool:
    """Nothing is released before the freeze, or the collection of a retry, is whole."""
    return (
        run.phase is Phase.FROZEN
        and run.freeze == mass_email.freezes
        and run.retry_wave == mass_email.retry_pass
        and run.remaining > 0
    )
