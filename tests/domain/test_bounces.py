"""What bounces and complaints mean to an address."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.bounces import (
    BY_KIND,
    BY_SUB_TYPE,
    NO_VERDICT,
    Consequence,
    Verdict,
    complaint_verdict,
    hard_bounce_counts,
    verdict_of,
)
from chalicelib.domain.events import BounceKind, EventRecipient, EventType, FeedbackEvent

INVALID, SOFT, NOTHING = Consequence.INVALID, Consequence.SOFT, Consequence.NOTHING


def event(
    kind: EventType,
    bounce_kind: BounceKind | None = None,
    sub_type: str | None = None,
    diagnostic: str | None = None,
) -> FeedbackEvent:
    return FeedbackEvent(
        event_id="e",
        type=kind,
        type_name=kind.value,
        message_id="m",
        at=datetime(2026, 3, 1, tzinfo=UTC),
        recipients=(EventRecipient("anne@mail.example", diagnostic),),
        mass_email_id=None,
        recipient_id=None,
        attempt=None,
        bounce_kind=bounce_kind,
        bounce_sub_type=sub_type,
    )


@pytest.mark.parametrize(
    ("kind", "sub_type", "expected"),
    [
        # every row of SES's table of bounce types
        ("Undetermined", "Undetermined", (SOFT, "softBounces", True)),
        ("Permanent", "General", (INVALID, "bounced", True)),
        ("Permanent", "NoEmail", (INVALID, "bounced", True)),
        ("Permanent", "Suppressed", (INVALID, "suppressed", False)),
        ("Permanent", "OnAccountSuppressionList", (INVALID, "suppressed", False)),
        ("Permanent", "UnsubscribedRecipient", (NOTHING, "", False)),
        ("Transient", "General", (SOFT, "softBounces", True)),
        ("Transient", "MailboxFull", (SOFT, "softBounces", True)),
        ("Transient", "MessageTooLarge", (NOTHING, "", True)),
        ("Transient", "ContentRejected", (NOTHING, "", True)),
        ("Transient", "AttachmentRejected", (NOTHING, "", True)),
        # and what it does not list
        ("Transient", "CustomTimeoutExceeded", (SOFT, "softBounces", True)),
        ("Permanent", None, (INVALID, "bounced", True)),
        ("Undetermined", "ContentRejected", (NOTHING, "", True)),
    ],
)
def test_each_bounce(kind: str, sub_type: str | None, expected: tuple[Consequence, str, bool]) -> None:
    """Permanent is invalid, the rest is soft, except what is the message's fault or the suppression list's."""
    verdict = verdict_of(event(EventType.BOUNCE, BounceKind(kind), sub_type))
    assert (verdict.consequence, verdict.reason, verdict.counts_in_rates) == expected


SUPPRESSION = "Amazon SES did not send the message to this address because it is on the suppression list for your account."


@pytest.mark.parametrize("sub_type", [*BY_SUB_TYPE, "General", "NewToUs", None])
@pytest.mark.parametrize("diagnostic", [None, "550 5.1.1 no such user", SUPPRESSION])
def test_the_log_tells_a_hard_bounce_that_counts_as_the_event_did(
    sub_type: str | None, diagnostic: str | None
) -> None:
    """The guard counts from the log; what it keeps of a bounce is enough."""
    verdict = verdict_of(event(EventType.BOUNCE, BounceKind.PERMANENT, sub_type, diagnostic))
    assert hard_bounce_counts(sub_type, diagnostic) is verdict.counts_in_rates


@pytest.mark.parametrize(
    "diagnostic",
    [
        "Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address.",
        SUPPRESSION,
    ],
)
def test_a_suppression_is_also_told_by_its_diagnostic(diagnostic: str) -> None:
    """A sub-type of General does not make it a bounce that counts."""
    verdict = verdict_of(event(EventType.BOUNCE, BounceKind.PERMANENT, "General", diagnostic))
    assert verdict == Verdict(INVALID, "suppressed", counts_in_rates=False)


@pytest.mark.parametrize(
    ("kind", "sub_type", "verdict"),
    [
        ("abuse", None, Verdict(Consequence.OPTED_OUT, "complained")),
        (None, None, Verdict(Consequence.OPTED_OUT, "complained")),
        ("fraud", None, Verdict(Consequence.OPTED_OUT, "complained")),
        (
            None,
            "OnAccountSuppressionList",
            Verdict(Consequence.OPTED_OUT, "complained", counts_in_rates=False),
        ),
        ("not-spam", None, NO_VERDICT),
    ],
)
def test_complaints(kind: str | None, sub_type: str | None, verdict: Verdict) -> None:
    """A complaint opts out; "not spam" is none; one that SES only repeats counts in no rate."""
    assert complaint_verdict(kind, sub_type) == verdict


@pytest.mark.parametrize("kind", sorted(set(EventType) - {EventType.BOUNCE, EventType.COMPLAINT}))
def test_other_types_do_nothing(kind: EventType) -> None:
    """Only bounces and complaints touch the address."""
    assert verdict_of(event(kind)) == NO_VERDICT


@given(
    st.none() | st.sampled_from(BounceKind),
    st.none() | st.sampled_from(sorted(BY_SUB_TYPE)) | st.text(),
    st.none() | st.text(),
)
def test_every_bounce_has_a_verdict(kind: BounceKind | None, sub_type: str | None, text: str | None) -> None:
    """The table is total, and only a permanent bounce or a suppression makes an address invalid."""
    verdict = verdict_of(event(EventType.BOUNCE, kind, sub_type, text))
    assert BY_KIND.keys() == set(BounceKind)
    if verdict.consequence is INVALID:
        assert kind is BounceKind.PERMANENT or verdict.reason == "suppressed"
