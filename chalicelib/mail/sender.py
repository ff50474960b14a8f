"""The one way a message leaves Envoi: one ``SendBulkEmail`` call, never repeated, never raising."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from chalicelib.domain.clock import Clock, SystemClock
from chalicelib.domain.outcomes import call_outcomes, entry_outcome, transport_outcome
from chalicelib.domain.sending import Batch, Effect, Outcome
from chalicelib.mail import bulk_call, raw_call

IDLE_LIMIT = timedelta(seconds=20)
"""An idle connection that is older may be closed by the other side in the moment we use it, and then nobody can say
whether the call was accepted. Lambda freezes a worker between two events with its connections open."""


class SesSender:
    """Sends batches through SES; fulfils :class:`chalicelib.domain.sending.Sender`.

    Args:
        client: From :func:`chalicelib.mail.clients.sending_client`.
        configuration_set: The stage's, whose event destination is our feedback topic.
        clock: Tells how long the connection was idle.
    """

    def __init__(self, client: Any, configuration_set: str, clock: Clock | None = None) -> None:
        self._client = client
        self._configuration_set = configuration_set
        self._clock = clock or SystemClock()
        self._last_use: datetime | None = None
        raw_call.register(client, "SendBulkEmail")

    def fits(self, batch: Batch) -> int:
        """How many of the first entries go into one call; 0 if the first alone is too large."""
        return bulk_call.fits(batch, self._configuration_set)

    def send(self, batch: Batch) -> Sequence[Outcome]:
        """Make the call, once; one outcome per entry, in order. Never raises for anything that SES or the network does."""
        try:
            body = raw_call.RawBody(bulk_call.encode(batch, self._configuration_set))
        except UnicodeEncodeError:
            return _refused_here(batch, "invalidText", "A value is not valid Unicode text.")
        except bulk_call.TooLarge:
            return _refused_here(batch, "messageTooLarge", "The call is larger than SendBulkEmail takes.")
        self._drop_idle_connections()
        try:
            answer = self._client.send_bulk_email(**body.as_parameters())
        except Exception as error:  # noqa: BLE001 - the ledger needs an outcome for whatever happened
            return _after_exception(error, body, batch)
        finally:
            self._last_use = self._clock.now()
        return _after_answer(answer, batch)

    def _drop_idle_connections(self) -> None:
        """Close the pool when it is too old, or when the clock went backwards; the next call opens a new one."""
        if self._last_use is None:
            return
        if not timedelta() <= self._clock.now() - self._last_use <= IDLE_LIMIT:
            self._client.close()


def _refused_here(batch: Batch, reason: str, message: str) -> Sequence[Outcome]:
    """Nothing was sent: the culprit is found by halving, and stands alone in the end."""
    effect = Effect.SPLIT if len(batch.entries) > 1 else Effect.FINAL
    return [Outcome(effect, reason, message=message)] * len(batch.entries)


def _after_answer(answer: Mapping[str, Any], batch: Batch) -> Sequence[Outcome]:
    """The entries' own statuses; what the answer does not tell of an entry is Unknown, for the call was accepted."""
    results = answer.get("BulkEmailEntryResults")
    if not isinstance(results, list):
        results = []
    sender = parseaddr(batch.from_header)[1]
    unreadable = Outcome(Effect.UNKNOWN, "unreadableAnswer")
    outcomes = [
        entry_outcome(
            result.get("Status") or "",
            error=result.get("Error") or "",
            message_id=result.get("MessageId"),
            sender=sender,
            recipient=entry.to_address,
        )
        if isinstance(result, dict)
        else unreadable
        for entry, result in zip(batch.entries, results, strict=False)
    ]
    return outcomes + [unreadable] * (len(batch.entries) - len(outcomes))


def _after_exception(error: Exception, body: raw_call.RawBody, batch: Batch) -> Sequence[Outcome]:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - rare, and loaded with the client anyway

    if isinstance(error, ClientError):
        details: Mapping[str, Any] = error.response.get("Error", {})
        return call_outcomes(
            str(details.get("Code", "")),
            http_status=error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
            error=str(details.get("Message", "")),
            sender=parseaddr(batch.from_header)[1],
            recipients=[entry.to_address for entry in batch.entries],
        )
    return [transport_outcome(type(error).__name__, has_left=body.has_left)] * len(batch.entries)
