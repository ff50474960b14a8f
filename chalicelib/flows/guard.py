"""Pauses sending before SES does: past the limits a mass email is paused, and past them all together the account is held.

Nothing is counted on the way of an event: each round counts the log's rows of the last half hour, and older ones once.
Whoever resumes has decided: only what comes after counts from then on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.guard import WINDOW, History, Limits, Slice, Tally, breach
from chalicelib.domain.ids import base_of
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.ports import SettingsStore
from chalicelib.domain.ports_account import Account
from chalicelib.domain.ports_guard import GuardStore, Operators, Watch
from chalicelib.domain.ports_mass_emails import MassEmails
from chalicelib.domain.records import MassEmail, MassEmailStatus, StatusReason
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows.release import DAILY_QUOTA

HOLD = "guard"
SOON = timedelta(minutes=10)  # a mass email that starts by then is watched already
Measured = Callable[[Mapping[str, float]], None]


@dataclass(frozen=True)
class Guard:
    """Watches bounces and complaints. ``measure`` notes numbers for CloudWatch, ``report`` writes trouble to the log."""

    clock: Clock
    mass_emails: MassEmails
    account: Account
    settings: SettingsStore
    store: GuardStore
    operators: Operators
    measure: Measured
    report: Callable[..., None]

    def watch(self) -> None:
        """Before anything is released: whatever is about to send is watched from now on, however soon it is done."""
        try:
            sending = {
                each.id
                for each in self.mass_emails.find_many(self.mass_emails.open_ids()).values()
                if self._sends(each)
            }
            new = sending - self.store.watch().ids
            if new:
                self.store.add(new)
        except Exception as error:  # noqa: BLE001 - the schedule goes on
            self.report("guard_failed", error)

    def run(self) -> None:
        """One round; what fails does not stop the sweep."""
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - as said
            self.report("guard_failed", error)

    def _run(self) -> None:
        self._measure_quota()
        watch = self._mended(self.store.watch())
        mass_emails = self.mass_emails.find_many(watch.ids, deleted=True)
        histories = self.store.histories(watch.ids)
        total = Tally()
        for mass_email_id in sorted(watch.ids):
            total += self._look(mass_email_id, mass_emails.get(mass_email_id), histories.get(mass_email_id))
        limits = self._limits()
        if total.answered >= limits.least:
            self.measure({"BounceRate": total.bounce_rate, "ComplaintRate": total.complaint_rate})
        reason = breach(total, limits)
        if reason is not None and not watch.tripped:
            self._hold(reason)

    def _look(self, mass_email_id: str, mass_email: MassEmail | None, stored: History | None) -> Tally:
        """Count one mass email on, and pause it if it is past the limits; answers its day."""
        now = self.clock.now()
        history = stored or History(closed_to=now - SOON)
        if history.tripped and mass_email is not None and self._sends(mass_email):
            history = History(closed_to=now)  # somebody resumed it
        base = base_of(mass_email_id)
        closed = tuple(
            Slice(start, end, self.store.count(base, start, end)) for start, end in history.due(now)
        )
        history = history.closed(closed, now)
        tally = history.tally + self.store.count(base, history.closed_to, now)
        if mass_email is None or (tally == Tally() and self._rests(mass_email)):
            self.store.drop([mass_email_id])
            return tally
        reason = breach(tally, self._limits())
        if reason is not None and not history.tripped:
            history = replace(history, tripped=self._pause(mass_email, reason))
        if history != stored:
            self.store.save(mass_email_id, history)
        return tally

    def _sends(self, mass_email: MassEmail) -> bool:
        """Whether it sends, or is about to."""
        if mass_email.status is MassEmailStatus.PENDING:
            return mass_email.start_at <= self.clock.now() + SOON
        return mass_email.status is MassEmailStatus.IN_PROCESS

    def _rests(self, mass_email: MassEmail) -> bool:
        """Whether nothing can come of it any more: SES goes on trying for up to 14 hours."""
        return not self._sends(mass_email) and self.clock.now() - mass_email.modified_at >= WINDOW

    def _pause(self, mass_email: MassEmail, reason: str) -> bool:
        now = self.clock.now()
        why = StatusReason(code=HOLD, message=reason, since=now, by="system")
        try:
            self.mass_emails.transition(mass_email.id, Act.PAUSE, at=now, reason=why)
        except (Conflict, NotFound):
            return False  # it is done, or gone: there is nothing left to pause
        self._tell("Envoi paused a mass email", {"massEmailId": mass_email.id, "reason": reason})
        return True

    def _hold(self, reason: str) -> None:
        # A used-up quota lifts itself, and the first of two holds stays: this one waits for a person.
        self.account.lift(DAILY_QUOTA)
        self.account.hold(HOLD, reason, self.clock.now())
        self.store.trip(tripped=True)
        self._tell("Envoi paused all sending", {"reason": reason})

    def _mended(self, watch: Watch) -> Watch:
        """After somebody lifted the hold every history begins anew."""
        if not watch.tripped or self.account.state().hold == HOLD:
            return watch
        for mass_email_id in watch.ids:
            self.store.save(mass_email_id, History(closed_to=self.clock.now()))
        self.store.trip(tripped=False)
        return replace(watch, tripped=False)

    def _tell(self, subject: str, event: Mapping[str, object]) -> None:
        """The pause stands, whether or not the operators can be told."""
        try:
            self.operators.tell(subject, event)
        except Exception as error:  # noqa: BLE001 - as said
            self.report("operators_not_told", error)

    def _limits(self) -> Limits:
        org = self.settings.get()
        return Limits(org.guard_bounce_rate, org.guard_complaint_rate, org.guard_min_delivered)

    def _measure_quota(self) -> None:
        account = self.account.state().account
        if account is None:
            return
        self.measure({"MaxSendRate": account.max_send_rate})
        if account.max_24_hour_send > 0:
            self.measure({"QuotaUsed": 100 * account.sent_last_24_hours / account.max_24_hour_send})
