"""The weathers that random users live under, by name."""

from collections.abc import Mapping

from tests.proof.network import (
    Weather,
    answer_lost,
    broken_after,
    broken_before,
    entries_refused,
    half_accepted,
    lost_on_the_way,
    never_connected,
    refused,
    time_out_after_accepting,
)

HARMLESS: Mapping[str, Weather] = {
    "answer lost": answer_lost,
    "timed out": time_out_after_accepting,
    "never connected": never_connected,
    "throttled": refused("TooManyRequestsException", "Maximum sending rate exceeded."),
    "broken after accepting": broken_after,
}
COSTLY: Mapping[str, Weather] = {
    "lost on the way": lost_on_the_way,
    "half accepted": half_accepted,
    "broken": broken_before,
    "one entry transient": entries_refused(["TRANSIENT_FAILURE"]),
    "one entry refused": entries_refused(["MESSAGE_REJECTED"]),
    "all transient": entries_refused(["TRANSIENT_FAILURE"] * 9),
    "sending paused": refused("SendingPausedException", "Sending is paused."),
}
"""After these somebody may be Failed, or Unknown after too many attempts."""
