"""Pausing, resuming, canceling a mass email, and sending again to those whom it failed to reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.mass_email_edits import USER, acted
from chalicelib.domain.mass_emails import Act
from chalicelib.domain.mass_emails import after as status_after
from chalicelib.domain.ports_mass_emails import MassEmails
from chalicelib.domain.records import MassEmail, StatusReason
from chalicelib.errors import Conflict
from chalicelib.flows.readiness import Readiness
from chalicelib.flows.repeating import until_first


@dataclass(frozen=True)
class Steering:
    """What callers do to a mass email under way. The schedule sees the new status at its next look.

    All raise NotFound, PreconditionFailed for ``if_match``, and Conflict where the status forbids it.
    """

    store: MassEmails
    readiness: Readiness
    clock: Clock

    def pause(self, mass_email_id: str, *, if_match: IfMatch = ANY_VERSION) -> MassEmail:
        """Send no further chunk."""
        return self._act(mass_email_id, Act.PAUSE, "paused", if_match)

    def resume(self, mass_email_id: str, *, if_match: IfMatch = ANY_VERSION) -> MassEmail:
        """Go on, with template, sender and reply-to as they are now.

        Raises:
            Conflict: Not Paused, or it could not go out as it stands.
        """
        return self._act(mass_email_id, Act.RESUME, "resumed", if_match, self._check_ready)

    def cancel(self, mass_email_id: str, *, if_match: IfMatch = ANY_VERSION) -> MassEmail:
        """Never send to those who have not been sent to."""
        return self._act(mass_email_id, Act.CANCEL, "canceled", if_match)

    def retry_failed(self, mass_email_id: str, *, if_match: IfMatch = ANY_VERSION) -> MassEmail:
        """Send again to the Failed whose reason allows it."""
        return self._act(
            mass_email_id,
            Act.RETRY_FAILED,
            "retryFailed",
            if_match,
            lambda before: {"retry_pass": before.retry_pass + 1},
        )

    def _act(
        self,
        mass_email_id: str,
        act: Act,
        code: str,
        if_match: IfMatch,
        prepare: Callable[[MassEmail], Mapping[str, object]] = lambda _: {},
    ) -> MassEmail:
        def attempt() -> MassEmail:
            before = self.store.get(mass_email_id)
            if_match.check(before.rev)
            status_after(before, act)  # what the status forbids comes before what else may be wrong
            now = self.clock.now()
            reason = StatusReason(code=code, message=_MESSAGES[code], since=now, by=USER)
            return self.store.change(
                acted(before, act, at=now, reason=reason, changes=prepare(before)), before
            )

        return until_first(attempt)

    def _check_ready(self, mass_email: MassEmail) -> Mapping[str, object]:
        problems = self.readiness.problems(mass_email)
        if problems:
            listed = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
            raise Conflict(f"cannot be resumed: {listed}")
        return {}


_MESSAGES: Mapping[str, str] = {
    "paused": "paused by a user",
    "resumed": "resumed by a user",
    "canceled": "canceled by a user",
    "retryFailed": "a user asked to send again to the failed recipients",
}
