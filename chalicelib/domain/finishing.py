"""What a call's outcomes make of its chunk: results for those it decided, waiting children for the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.ledger import ATTEMPTS_EXHAUSTED, REJECTED, SILENT, Chunk, RecipientStatus, Result
from chalicelib.domain.sending import Effect, Outcome


@dataclass(frozen=True)
class Finish:
    """The chunk afterwards, its children, and what follows beyond the ledger.

    ``stop``: pause the mass email for this outcome's reason. ``quota``: everything waits. ``refused_alone``: the one position
    whose entry was refused as malformed, and why; two people with one text, and the mass email is at fault.
    """

    after: Chunk
    children: tuple[Chunk, ...] = ()
    stop: Outcome | None = None
    quota: bool = False
    refused_alone: tuple[int, Outcome] | None = None

    @property
    def waiting(self) -> tuple[Chunk, ...]:
        """What must go on the queue again."""
        return tuple(chunk for chunk in (self.after, *self.children) if chunk.state[:1] == "W")


def halves(chunk: Chunk) -> tuple[Chunk, ...]:
    """Two waiting children of a chunk, each to be claimed anew."""
    positions = chunk.open_positions
    middle = len(positions) // 2
    return _child(chunk, "a", positions[:middle]), _child(chunk, "b", positions[middle:])


def _child(chunk: Chunk, letter: str, positions: Sequence[int], attempts: int | None = None) -> Chunk:
    return Chunk(
        chunk.name + letter,
        tuple(positions),
        state="W1",
        attempts=chunk.attempts if attempts is None else attempts,
    )


def back(chunk: Chunk, *, go: int, attempts: int | None = None) -> Chunk:
    """The chunk, waiting again."""
    return replace(
        chunk,
        state=f"W{go + 1}",
        attempts=chunk.attempts if attempts is None else attempts,
        claimed_at=None,
        call_by=None,
    )


def done(chunk: Chunk, results: Mapping[int, Result], at: datetime) -> Chunk:
    """The chunk with these results beside those it had."""
    return replace(chunk, state="D", results={**chunk.results, **results}, done_at=at)


def finish(
    claimed: Chunk, outcomes: Mapping[int, Outcome], *, go: int, max_attempts: int, at: datetime
) -> Finish | None:
    """The total answer to a call; None when the whole call is silent and the chunk stays claimed for the sweep.

    SPLIT is only ever the refusal of a whole call; beside other outcomes it is this entry's alone, and final.

    Args:
        claimed: The chunk as claimed.
        outcomes: One per open position.
        go: The ``go`` under which it was claimed.
        max_attempts: ``massEmailMaxAttemptCount``.
        at: When the answer was seen.
    """
    effects = {outcome.effect for outcome in outcomes.values()}
    if effects == {Effect.UNKNOWN}:
        return None
    if effects == {Effect.SPLIT} and len(outcomes) > 1:
        return Finish(replace(claimed, state="D", done_at=at), halves(claimed))
    results, waiting, silent = _sorted_out(claimed, outcomes, max_attempts)
    stop = next((outcome for outcome in outcomes.values() if outcome.effect is Effect.STOP), None)
    alone = next((each for each in outcomes.items() if each[1].effect is Effect.SPLIT), None)
    quota = Effect.QUOTA in effects
    if not results and not silent and len(waiting) == 1:
        ((attempts, _),) = waiting.items()
        return Finish(back(claimed, go=go, attempts=attempts), stop=stop, quota=quota)
    children = tuple(
        _child(claimed, letter, positions, attempts)
        for letter, (attempts, positions) in zip("ab", sorted(waiting.items()), strict=False)
    )
    if silent:
        children += (replace(claimed, name=claimed.name + "u", positions=tuple(silent), results={}),)
    return Finish(done(claimed, results, at), children, stop=stop, quota=quota, refused_alone=alone)


def finish_at_once(claimed: Chunk, outcomes: Mapping[int, Outcome], *, at: datetime) -> Finish:
    """The answer to a call of Send Test, whose caller waits: what would be tried later has failed, with its own reason.

    Nothing follows for the mass email: a test neither pauses it nor counts as an attempt.
    """
    if {outcome.effect for outcome in outcomes.values()} == {Effect.SPLIT} and len(outcomes) > 1:
        return Finish(replace(claimed, state="D", done_at=at), halves(claimed))
    results = {position: _at_once(outcome) for position, outcome in outcomes.items()}
    return Finish(done(claimed, results, at))


def _at_once(outcome: Outcome) -> Result:
    if outcome.effect is Effect.SENT:
        return Result(RecipientStatus.SENT, message_id=outcome.message_id)
    if outcome.effect is Effect.UNKNOWN:
        return Result(RecipientStatus.UNKNOWN, SILENT)
    return Result(RecipientStatus.FAILED, outcome.reason)


def _sorted_out(
    claimed: Chunk, outcomes: Mapping[int, Outcome], max_attempts: int
) -> tuple[dict[int, Result], dict[int, list[int]], list[int]]:
    """(results, positions that wait by their attempts so far, silent positions)."""
    results: dict[int, Result] = {}
    waiting: dict[int, list[int]] = {}
    silent: list[int] = []
    for position, outcome in outcomes.items():
        effect = outcome.effect
        if effect is Effect.SENT:
            results[position] = Result(RecipientStatus.SENT, message_id=outcome.message_id)
        elif effect in (Effect.FINAL, Effect.SPLIT):
            results[position] = Result(RecipientStatus.FAILED, outcome.reason)
        elif effect is Effect.UNKNOWN:
            silent.append(position)
        elif effect is not Effect.ATTEMPT:
            waiting.setdefault(claimed.attempts, []).append(position)
        elif claimed.attempts + 1 >= max_attempts:
            results[position] = Result(RecipientStatus.FAILED, ATTEMPTS_EXHAUSTED)
        else:
            waiting.setdefault(claimed.attempts + 1, []).append(position)
    return results, waiting, silent


def settle(
    claimed: Chunk,
    *,
    accepted: Mapping[int, str | None],
    rejected: frozenset[int],
    silence: RecipientStatus | None,
    at: datetime,
    resend: bool,
) -> Finish | None:
    """What the sweep makes of a claim whose answer was never seen; None when it must wait on.

    Args:
        claimed: The chunk.
        accepted: Positions with evidence that SES took them.
        rejected: Positions that SES took and then did not send.
        silence: UNKNOWN once ``settleAfter`` is over; None before.
        at: Now.
        resend: Whether silent positions may be sent again (the event stream is alive, and the settings allow it).
    """
    results = {
        position: Result(RecipientStatus.FAILED, REJECTED)
        if position in rejected
        else Result(RecipientStatus.SENT, message_id=accepted.get(position))
        for position in claimed.open_positions
        if position in accepted or position in rejected
    }
    silent = [position for position in claimed.open_positions if position not in results]
    if silent and silence is None:
        return None
    if not silent:
        return Finish(done(claimed, results, at))
    if resend:
        child = _child(claimed, "s", silent, claimed.attempts + 1)
        return Finish(done(claimed, results, at), (child,))
    unknown = dict.fromkeys(silent, Result(RecipientStatus.UNKNOWN, SILENT))
    return Finish(done(claimed, results | unknown, at))
