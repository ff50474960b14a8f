"""What people do to a mass email under way: pause, resume, cancel, retry the failed."""

from dataclasses import dataclass, replace

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import base_of
from chalicelib.domain.mass_emails import Act, after
from chalicelib.domain.ports_delivery import Ledger, MassEmails, Overtaken, Runs
from chalicelib.domain.ports_jobs import Outbox
from chalicelib.domain.records import MassEmail, MassEmailStatus, StatusReason
from chalicelib.domain.retries import count_of, retryable
from chalicelib.domain.runs import Phase
from chalicelib.errors import Conflict, Deferred, Invalid
from chalicelib.flows.messages import CannotStart, Messages

TRIES = 10  # lost races for a run


@dataclass(frozen=True)
class Steering:
    """Pause, resume, cancel, retry."""

    clock: Clock
    mass_emails: MassEmails
    runs: Runs
    ledger: Ledger
    messages: Messages
    outbox: Outbox

    def pause(self, mass_email_id: str) -> MassEmail:
        """Nothing more of it is claimed; what is claimed finishes."""
        return self._act(mass_email_id, Act.PAUSE, "paused", "paused by a caller")

    def cancel(self, mass_email_id: str) -> MassEmail:
        """For good: who was not sent to is Skipped."""
        return self._act(mass_email_id, Act.CANCEL, "canceled", "canceled by a caller")

    def resume(self, mass_email_id: str) -> MassEmail:
        """Send on, with template, sender and reply-to as they are now.

        Raises:
            Conflict: It is not paused, or what it needs is not there.
        """
        mass_email = self._with_its_freeze(self.mass_emails.get(mass_email_id))
        after(mass_email, Act.RESUME)
        if not mass_email.frozen:
            return self._act(mass_email_id, Act.RESUME, "resumed", "resumed by a caller")
        try:
            version = self.messages.freeze(mass_email)
        except (CannotStart, Invalid) as refusal:
            raise Conflict(f"it cannot be resumed: {refusal.message}") from refusal
        self._note_resumption(mass_email_id)
        return self._act(mass_email_id, Act.RESUME, "resumed", "resumed by a caller", message_version=version)

    def retry_failed(self, mass_email_id: str) -> MassEmail:
        """Put the failed with a retryable reason back; ``work`` collects them.

        Raises:
            Conflict: It is not Complete or Failed, or nobody of it can be retried.
        """
        mass_email = self.mass_emails.get(mass_email_id)
        after(mass_email, Act.RETRY_FAILED)
        run = self.runs.get(mass_email_id)
        segments = self.ledger.read(base_of(mass_email_id), range(run.segments))
        if not any(retryable(segment, mass_email.status) for segment in segments):
            raise Conflict("none of its recipients failed for a reason that can be retried")
        again = self._act(
            mass_email_id,
            Act.RETRY_FAILED,
            "retried",
            "its failed recipients are tried again",
            retry_pass=mass_email.retry_pass + 1,
        )
        self.outbox.job({"kind": "collect", "massEmailId": mass_email_id})
        return again

    def collect_failed(self, mass_email_id: str) -> bool:
        """For ``work``: note whom the retry sends again; answers whether a portion may be released now."""
        for _ in range(TRIES):
            mass_email = self.mass_emails.get(mass_email_id)
            run = self.runs.get(mass_email_id)
            if mass_email.status is not MassEmailStatus.IN_PROCESS or run.retry_wave >= mass_email.retry_pass:
                return mass_email.status is MassEmailStatus.IN_PROCESS
            segments = self.ledger.read(base_of(mass_email_id), range(run.segments))
            places = [found for each in segments if (found := retryable(each, mass_email.status))]
            wave = replace(run, retry_wave=mass_email.retry_pass, retry_left=count_of(places))
            try:
                self.runs.save(replace(wave, retry_pages=self.runs.put_retries(wave, places)))
            except Overtaken:
                continue
            return True
        raise Deferred("others keep writing the run")

    def _with_its_freeze(self, mass_email: MassEmail) -> MassEmail:
        """The record, on which a freezer that died at the very end could not note that the freeze is whole."""
        if mass_email.frozen or mass_email.status is not MassEmailStatus.PAUSED:
            return mass_email
        run = self.runs.get(mass_email.id)
        if run.phase is not Phase.FROZEN or run.freeze != mass_email.freezes or not run.freeze:
            return mass_email
        return self.mass_emails.transition(
            mass_email.id, Act.FROZE, at=self.clock.now(), changes={"frozen": True}
        )

    def _note_resumption(self, mass_email_id: str) -> None:
        """Chunks that were answered as done while it was paused are put on the queue again."""
        for _ in range(TRIES):
            run = self.runs.get(mass_email_id)
            try:
                self.runs.save(replace(run, resumed_at=self.clock.now()))
            except Overtaken:
                continue
            return
        raise Deferred("others keep writing the run")

    def _act(self, mass_email_id: str, act: Act, code: str, message: str, **changes: object) -> MassEmail:
        now = self.clock.now()
        reason = StatusReason(code=code, message=message, since=now, by="user")
        return self.mass_emails.transition(mass_email_id, act, at=now, reason=reason, changes=changes)
