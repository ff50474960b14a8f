"""The outcome table: a test per row, and that no row is missing."""

from collections.abc import Mapping

import botocore.exceptions
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.outcomes import (
    CALL_ERRORS,
    ENTRY_STATUSES,
    MAX_MESSAGE,
    TRANSPORT_ERRORS,
    call_outcomes,
    camel,
    entry_outcome,
    transport_outcome,
    without_addresses,
)
from chalicelib.domain.sending import Effect, Outcome

SENDER = "news@shop.example"
ANNE, BERT, CLEO = "anne@mail.example", "bert@mail.example", "cleo@mail.example"
MODEL = botocore.session.get_session().get_service_model("sesv2")
NOT_VERIFIED = (
    "Email address is not verified. The following identities failed the check in region EU-WEST-1: "
)


def of_entry(status: str, error: str = "", message_id: str | None = None) -> Outcome:
    return entry_outcome(status, error=error, message_id=message_id, sender=SENDER, recipient=ANNE)


def of_call(code: str, http_status: int = 400, error: str = "") -> Outcome:
    outcomes = call_outcomes(
        code, http_status=http_status, error=error, sender=SENDER, recipients=[ANNE, BERT]
    )
    assert outcomes[0] == outcomes[1]
    return outcomes[0]


ENTRY_ROWS: Mapping[str, tuple[Effect, str]] = {
    "SUCCESS": (Effect.SENT, ""),
    "MESSAGE_REJECTED": (Effect.FINAL, "messageRejected"),
    "INVALID_PARAMETER": (Effect.FINAL, "invalidParameter"),
    "INVALID_PARAMETER_VALUE": (Effect.FINAL, "invalidParameterValue"),
    "FAILED": (Effect.FINAL, "failed"),
    "TRANSIENT_FAILURE": (Effect.ATTEMPT, "transientFailure"),
    "ACCOUNT_THROTTLED": (Effect.BACK, "accountThrottled"),
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": (Effect.QUOTA, "accountDailyQuotaExceeded"),
    "ACCOUNT_SUSPENDED": (Effect.STOP, "accountSuspended"),
    "ACCOUNT_SENDING_PAUSED": (Effect.STOP, "accountSendingPaused"),
    "CONFIGURATION_SET_SENDING_PAUSED": (Effect.STOP, "configurationSetSendingPaused"),
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": (Effect.STOP, "mailFromDomainNotVerified"),
    "CONFIGURATION_SET_NOT_FOUND": (Effect.STOP, "configurationSetNotFound"),
    "CONFIGURATION_SET_DOES_NOT_EXIST": (Effect.STOP, "configurationSetDoesNotExist"),
    "TEMPLATE_NOT_FOUND": (Effect.STOP, "templateNotFound"),
    "TEMPLATE_DOES_NOT_EXIST": (Effect.STOP, "templateDoesNotExist"),
    "INVALID_SENDING_POOL_NAME": (Effect.STOP, "invalidSendingPoolName"),
}
CALL_ROWS: Mapping[str, tuple[Effect, str]] = {
    "TooManyRequestsException": (Effect.BACK, "tooManyRequests"),
    "ThrottlingException": (Effect.BACK, "throttling"),
    "Throttling": (Effect.BACK, "throttling"),
    "LimitExceededException": (Effect.ATTEMPT, "limitExceeded"),
    "AccountSuspendedException": (Effect.STOP, "accountSuspended"),
    "SendingPausedException": (Effect.STOP, "sendingPaused"),
    "MailFromDomainNotVerifiedException": (Effect.STOP, "mailFromDomainNotVerified"),
    "NotFoundException": (Effect.STOP, "notFound"),
    "MessageRejected": (Effect.SPLIT, "messageRejected"),
    "BadRequestException": (Effect.SPLIT, "badRequest"),
    "RequestEntityTooLargeException": (Effect.SPLIT, "requestEntityTooLarge"),
    "ValidationError": (Effect.SPLIT, "validationError"),
    "RequestAbortedException": (Effect.UNKNOWN, "requestAborted"),
    "RequestTimeoutException": (Effect.UNKNOWN, "requestTimeout"),
    "AccessDeniedException": (Effect.STOP, "accessDenied"),
    "NotAuthorized": (Effect.STOP, "notAuthorized"),
    "OptInRequired": (Effect.STOP, "optInRequired"),
    "ExpiredTokenException": (Effect.BACK, "expiredToken"),
    "InvalidClientTokenId": (Effect.BACK, "invalidClientTokenId"),
    "UnrecognizedClientException": (Effect.BACK, "unrecognizedClient"),
    "IncompleteSignature": (Effect.BACK, "incompleteSignature"),
    "InvalidSignatureException": (Effect.BACK, "invalidSignature"),
    "SignatureDoesNotMatch": (Effect.BACK, "signatureDoesNotMatch"),
    "RequestExpired": (Effect.BACK, "requestExpired"),
}


@pytest.mark.parametrize(("status", "expected"), ENTRY_ROWS.items())
def test_each_entry_status(status: str, expected: tuple[Effect, str]) -> None:
    """An entry's status alone decides, and its own name in camelCase is the reason."""
    outcome = of_entry(status, message_id="m-1" if status == "SUCCESS" else None)
    assert (outcome.effect, outcome.reason) == expected
    assert outcome.message_id == ("m-1" if status == "SUCCESS" else None)


@pytest.mark.parametrize(("code", "expected"), CALL_ROWS.items())
def test_each_error_of_a_call(code: str, expected: tuple[Effect, str]) -> None:
    """An error of the whole call means the same to every entry."""
    outcome = of_call(code, error="SES says so.")
    assert (outcome.effect, outcome.reason, outcome.message) == (*expected, "SES says so.")


def test_the_tests_have_all_rows() -> None:
    """No row of the tables is without its test above."""
    assert ENTRY_ROWS.keys() == ENTRY_STATUSES.keys()
    assert CALL_ROWS.keys() == CALL_ERRORS.keys()


def test_the_tables_are_complete() -> None:
    """Every status and every error that botocore's model of SendBulkEmail knows has a row."""
    assert set(MODEL.shape_for("BulkEmailStatus").enum) <= ENTRY_STATUSES.keys()
    errors = {shape.name for shape in MODEL.operation_model("SendBulkEmail").error_shapes}
    assert len(errors) == 8
    assert errors <= CALL_ERRORS.keys()


def test_every_exception_of_the_network_has_a_row() -> None:
    """Every way in which botocore says that HTTP failed has a row, and every name in the table is one of botocore's."""
    exceptions = vars(botocore.exceptions)
    network = {
        name
        for name, kind in exceptions.items()
        if isinstance(kind, type)
        and issubclass(kind, botocore.exceptions.HTTPClientError | botocore.exceptions.ConnectionError)
    }
    # Never raised by a call: the first is the base, the second is of presigned and streamed bodies.
    assert network - {"ConnectionError", "ResponseStreamingError"} - TRANSPORT_ERRORS.keys() == set()
    assert TRANSPORT_ERRORS.keys() - {"ResponseParserError"} <= exceptions.keys()


@pytest.mark.parametrize(("exception", "effect"), TRANSPORT_ERRORS.items())
def test_each_failure_without_an_answer(exception: str, effect: Effect) -> None:
    """What was not seen to leave is judged by the exception; what was, by that alone."""
    assert transport_outcome(exception, has_left=None).effect is effect
    assert transport_outcome(exception, has_left=False).effect is Effect.BACK
    assert transport_outcome(exception, has_left=True).effect is Effect.UNKNOWN


def test_a_failure_nobody_knows() -> None:
    """An exception in no row is Unknown unless the request certainly stayed here; its name is the reason."""
    assert transport_outcome("StrangeError", has_left=None) == Outcome(Effect.UNKNOWN, "strange")
    assert transport_outcome("StrangeError", has_left=False) == Outcome(Effect.BACK, "strange")


@pytest.mark.parametrize("status", ["NEW_STATUS", ""])
def test_an_unlisted_status(status: str) -> None:
    """A status in no row is Sent with a MessageId, and Unknown without one."""
    assert of_entry(status, message_id="m-1") == Outcome(Effect.SENT, message_id="m-1")
    assert of_entry(status).effect is Effect.UNKNOWN
    assert of_entry(status).reason


@given(
    st.sampled_from(sorted(CALL_ERRORS)) | st.text(max_size=20), st.integers(500, 599), st.text(max_size=60)
)
def test_every_5xx_is_unknown(code: str, http_status: int, error: str) -> None:
    """A server's error proves nothing, whatever it says."""
    assert of_call(code, http_status, error).effect is Effect.UNKNOWN
    assert of_call(code, http_status, NOT_VERIFIED + ANNE).effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("http_status", "effect"),
    [
        (400, Effect.ATTEMPT),
        (403, Effect.ATTEMPT),
        (302, Effect.ATTEMPT),
        (429, Effect.BACK),
        (413, Effect.SPLIT),
    ],
)
def test_an_unlisted_refusal(http_status: int, effect: Effect) -> None:
    """A refusal in no row costs an attempt, so it ends; too many requests and too large a one say what they are."""
    assert of_call("NewException", http_status).effect is effect
    assert of_call("", http_status).reason == f"http{http_status}"


@pytest.mark.parametrize(
    "code", ["TooManyRequestsException", "ThrottlingException", "LimitExceededException"]
)
@pytest.mark.parametrize(
    ("error", "effect", "reason"),
    [
        ("Daily message quota exceeded", Effect.QUOTA, "dailyQuotaExceeded"),
        ("Daily sending quota exceeded.", Effect.QUOTA, "dailyQuotaExceeded"),
        ("Maximum sending rate exceeded.", Effect.BACK, "maximumSendingRateExceeded"),
    ],
)
def test_rate_and_quota_are_told_by_the_sentence(code: str, error: str, effect: Effect, reason: str) -> None:
    """One code serves the rate and the day's quota: SES's sentence decides, for calls and for entries."""
    assert (of_call(code, error=error).effect, of_call(code, error=error).reason) == (effect, reason)
    assert of_entry("TRANSIENT_FAILURE", error).effect is effect


def test_a_missing_configuration_set_stops_whatever_the_code() -> None:
    """SES says it as a bad request too, and halving would find no culprit."""
    outcome = of_call("BadRequestException", error="Configuration set <envoi-prod> does not exist.")
    assert (outcome.effect, outcome.reason) == (Effect.STOP, "configurationSetNotFound")
    outcome = of_call("BadRequestException", error="SendingPool <pool1> doesn't exist")
    assert (outcome.effect, outcome.reason) == (Effect.STOP, "invalidSendingPoolName")


def test_an_unverified_sender_stops() -> None:
    """If the From address is among the failed identities, nothing can be sent."""
    error = NOT_VERIFIED + f"{ANNE}, {SENDER.upper()}"
    assert of_entry("MESSAGE_REJECTED", error).reason == "identityNotVerified"
    assert of_call("MessageRejected", error=error).effect is Effect.STOP


def test_identities_that_are_nobodys_stop() -> None:
    """If neither sender nor recipient can be found in the sentence, a person must look."""
    assert of_entry("MESSAGE_REJECTED", NOT_VERIFIED + "arn:aws:ses:identity/x").effect is Effect.STOP
    assert of_call("MessageRejected", error=NOT_VERIFIED).effect is Effect.STOP


@pytest.mark.parametrize("sentence", ["Invalid address <{}>.", "'{}' is none: Missing final '@domain'"])
def test_a_refused_entry_whose_address_is_named_fails_alone(sentence: str) -> None:
    """It is nobody else's fault; among others it must be found first, and a sender that is named is not a recipient."""

    def refused(error: str, *recipients: str) -> set[Effect]:
        outcomes = call_outcomes(
            "BadRequestException", http_status=400, error=error, sender=SENDER, recipients=recipients
        )
        return {outcome.effect for outcome in outcomes}

    assert refused(sentence.format(ANNE.upper()), ANNE) == {Effect.FINAL}
    assert refused(sentence.format(ANNE), ANNE, BERT) == {Effect.SPLIT}
    assert refused(sentence.format(BERT), ANNE) == {Effect.SPLIT}
    assert refused(sentence.format(f"{ANNE} from {SENDER}"), ANNE) == {Effect.SPLIT}
    assert refused("The template is malformed.", ANNE) == {Effect.SPLIT}


def test_in_the_sandbox_only_the_unverified_recipient_fails() -> None:
    """The recipients that SES names fail, the others of the call go back and are sent without them."""
    assert of_entry("MESSAGE_REJECTED", NOT_VERIFIED + ANNE).effect is Effect.FINAL
    outcomes = call_outcomes(
        "MessageRejected",
        http_status=400,
        error=NOT_VERIFIED + f"Anne <{ANNE.upper()}>, {CLEO}...",
        sender=SENDER,
        recipients=[ANNE, BERT, CLEO],
    )
    assert [outcome.effect for outcome in outcomes] == [Effect.FINAL, Effect.BACK, Effect.FINAL]
    assert outcomes[0].reason == "recipientNotVerified"


@given(st.emails(), st.text(alphabet=" .,:;<>\"'()[]", max_size=5))
def test_messages_hold_no_address(address: str, around: str) -> None:
    """Whatever address SES puts into its sentence, and however it wraps it, it is not kept."""
    plain = not set(address) & set(" <>,;:\"'()[]")
    text = without_addresses(f"Refused{around} {address}{around}")
    assert address not in text or not plain
    assert "@" not in text
    assert of_entry("FAILED", f"bad <{address}>").message.count("@") == 0


def test_messages_are_short() -> None:
    """A sentence of SES is kept up to a limit."""
    assert len(without_addresses("x" * 10_000)) == MAX_MESSAGE


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MESSAGE_REJECTED", "messageRejected"),
        ("MessageRejected", "messageRejected"),
        ("FAILED", "failed"),
        ("", ""),
    ],
)
def test_reasons_are_camel_case(name: str, expected: str) -> None:
    """SES's two ways of naming give one reason."""
    assert camel(name) == expected
