"""The total outcome table: what became of an entry, or of a whole call, of ``SendBulkEmail``.

Pure: ``mail/sender.py`` only says what came back. Whatever is in no row has a rule too, so every answer has an outcome.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from chalicelib.domain.sending import Effect, Outcome

ENTRY_STATUSES: Mapping[str, Effect] = {
    "SUCCESS": Effect.SENT,
    "MESSAGE_REJECTED": Effect.FINAL,
    "INVALID_PARAMETER": Effect.FINAL,
    "INVALID_PARAMETER_VALUE": Effect.FINAL,
    "FAILED": Effect.FINAL,
    "TRANSIENT_FAILURE": Effect.ATTEMPT,
    "ACCOUNT_THROTTLED": Effect.BACK,
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": Effect.QUOTA,
    "ACCOUNT_SUSPENDED": Effect.STOP,
    "ACCOUNT_SENDING_PAUSED": Effect.STOP,
    "CONFIGURATION_SET_SENDING_PAUSED": Effect.STOP,
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": Effect.STOP,
    "CONFIGURATION_SET_NOT_FOUND": Effect.STOP,
    "CONFIGURATION_SET_DOES_NOT_EXIST": Effect.STOP,
    "TEMPLATE_NOT_FOUND": Effect.STOP,
    "TEMPLATE_DOES_NOT_EXIST": Effect.STOP,
    "INVALID_SENDING_POOL_NAME": Effect.STOP,
}
"""``Status`` of a ``BulkEmailEntryResult``: the model's enum, and the three that only its prose names.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntryResult.html
"""

CALL_ERRORS: Mapping[str, Effect] = {
    "TooManyRequestsException": Effect.BACK,
    "ThrottlingException": Effect.BACK,
    "Throttling": Effect.BACK,
    "LimitExceededException": Effect.ATTEMPT,
    "AccountSuspendedException": Effect.STOP,
    "SendingPausedException": Effect.STOP,
    "MailFromDomainNotVerifiedException": Effect.STOP,
    "NotFoundException": Effect.STOP,  # the configuration set: the template is inline
    "MessageRejected": Effect.SPLIT,  # of the whole call, for what one entry may hold
    "BadRequestException": Effect.SPLIT,
    "RequestEntityTooLargeException": Effect.SPLIT,
    # Common errors: https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
    "AccessDeniedException": Effect.STOP,  # nobody but a person can mend a policy
    "NotAuthorized": Effect.STOP,
    "OptInRequired": Effect.STOP,
    "ValidationError": Effect.SPLIT,
    "RequestAbortedException": Effect.UNKNOWN,  # "aborted before a reply is sent back": nobody can say
    "RequestTimeoutException": Effect.UNKNOWN,
    # Credentials that rotate under us are good again at the next attempt, and no message was accepted without them.
    "ExpiredTokenException": Effect.BACK,
    "InvalidClientTokenId": Effect.BACK,
    "UnrecognizedClientException": Effect.BACK,
    "IncompleteSignature": Effect.BACK,
    "InvalidSignatureException": Effect.BACK,
    "SignatureDoesNotMatch": Effect.BACK,
    "RequestExpired": Effect.BACK,
}
"""Error codes of a refused call; 5xx are decided before this table is read, for they prove nothing."""

TRANSPORT_ERRORS: Mapping[str, Effect] = {
    "EndpointConnectionError": Effect.BACK,  # no name, no route, refused
    "ConnectTimeoutError": Effect.BACK,
    "ProxyConnectionError": Effect.BACK,
    "InvalidProxiesConfigError": Effect.BACK,
    "NoCredentialsError": Effect.BACK,
    "PartialCredentialsError": Effect.BACK,
    "CredentialRetrievalError": Effect.BACK,
    "NoRegionError": Effect.BACK,
    "ReadTimeoutError": Effect.UNKNOWN,
    "ConnectionClosedError": Effect.UNKNOWN,
    "SSLError": Effect.UNKNOWN,
    "HTTPClientError": Effect.UNKNOWN,
    "ResponseParserError": Effect.UNKNOWN,
}
"""Botocore's exceptions by name, where nothing better is known than the name.

https://github.com/boto/botocore/blob/develop/botocore/exceptions.py
"""

_BY_MESSAGE: Sequence[tuple[re.Pattern[str], Effect, str]] = (
    # The same code serves both, only the sentence differs:
    # https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
    (
        re.compile(r"daily (message|sending) quota exceeded", re.IGNORECASE),
        Effect.QUOTA,
        "dailyQuotaExceeded",
    ),
    (re.compile(r"maximum sending rate exceeded", re.IGNORECASE), Effect.BACK, "maximumSendingRateExceeded"),
    (
        re.compile(r"configuration set .*does(n't| not) exist", re.IGNORECASE),
        Effect.STOP,
        "configurationSetNotFound",
    ),
    (
        re.compile(r"sending ?pool .*does(n't| not) exist", re.IGNORECASE),
        Effect.STOP,
        "invalidSendingPoolName",
    ),
)

_NOT_VERIFIED = re.compile(r"email address is not verified", re.IGNORECASE)
# Looked for where a word begins alone: from every letter of a long word it would take hours.
_ADDRESS = re.compile(r"(?<![^\s<>,;])[^\s<>,;]*@[^\s<>,;]*")
_AROUND_ADDRESS = ".:()[]'\""  # an ellipsis, brackets, quotes
MAX_MESSAGE = 300  # characters of SES's sentence that are kept


def entry_outcome(status: str, *, error: str, message_id: str | None, sender: str, recipient: str) -> Outcome:
    """What became of one entry.

    Args:
        status: SES's ``Status``, in upper case with underscores.
        error: SES's sentence, empty for none.
        message_id: SES's ``MessageId``, None for none.
        sender: The bare From address.
        recipient: The bare address of this entry.

    A status in no row is Sent if it came with a MessageId, else Unknown (`delivery.md`).
    """
    effect = ENTRY_STATUSES.get(status)
    if effect is Effect.SENT or (effect is None and message_id):
        return Outcome(Effect.SENT, message_id=message_id)
    if effect is None:
        return Outcome(Effect.UNKNOWN, camel(status) or "noStatus", message=without_addresses(error))
    if _NOT_VERIFIED.search(error):
        return _unverified(error, sender, [recipient])[0]
    return _by_message(error) or Outcome(effect, camel(status), message=without_addresses(error))


def call_outcomes(
    code: str, *, http_status: int, error: str, sender: str, recipients: Sequence[str]
) -> Sequence[Outcome]:
    """What a refusal of the whole call means to each of its entries, in order.

    Args:
        code: The error code (``TooManyRequestsException``…), empty for none.
        http_status: Of the answer.
        error: SES's sentence, empty for none.
        sender: The bare From address.
        recipients: The bare addresses of the entries.
    """
    if _NOT_VERIFIED.search(error) and http_status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unverified(error, sender, recipients)
    outcome = _call_outcome(code, http_status, error)
    if outcome.effect is Effect.SPLIT and _names_only_recipient(error, sender, recipients):
        # Two single entries refused with one sentence are the mass email's fault. As it is kept, without the address, the
        # sentence about two bad addresses would be one.
        outcome = replace(outcome, effect=Effect.FINAL)
    return [outcome] * len(recipients)


def transport_outcome(exception: str, *, has_left: bool | None) -> Outcome:
    """What a failure without any answer means to the whole call.

    Args:
        exception: The name of the exception's class.
        has_left: Whether the request's body was given to a connection: False proves that nothing was sent whatever the
            exception is called (a time-out in the TLS handshake is a ReadTimeoutError too), True that it may have been.
            None: nobody saw; the table decides, and Unknown is for names that are not in it.
    """
    if has_left is None:
        effect = TRANSPORT_ERRORS.get(exception, Effect.UNKNOWN)
    else:
        effect = Effect.UNKNOWN if has_left else Effect.BACK
    return Outcome(effect, camel(exception.removesuffix("Error")))


def _call_outcome(code: str, http_status: int, error: str) -> Outcome:
    reason, message = camel(code.removesuffix("Exception")) or f"http{http_status}", without_addresses(error)
    if http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # An answer of a proxy or a half-failed server: the message may have been accepted behind it.
        return Outcome(Effect.UNKNOWN, reason, message=message)
    by_message = _by_message(error)
    if by_message is not None:
        return by_message
    if code in CALL_ERRORS:
        return Outcome(CALL_ERRORS[code], reason, message=message)
    if http_status == HTTPStatus.TOO_MANY_REQUESTS:
        return Outcome(Effect.BACK, reason, message=message)
    if http_status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Outcome(Effect.SPLIT, reason, message=message)
    return Outcome(Effect.ATTEMPT, reason, message=message)  # refused for a cause new to us: not for ever


def _by_message(error: str) -> Outcome | None:
    for pattern, effect, reason in _BY_MESSAGE:
        if pattern.search(error):
            return Outcome(effect, reason, message=without_addresses(error))
    return None


def _unverified(error: str, sender: str, recipients: Sequence[str]) -> Sequence[Outcome]:
    """One sentence serves an unverified sender and, in the sandbox, unverified recipients; its list says which.

    "Email address is not verified. The following identities failed the check in region EU-WEST-1: …", with an ellipsis
    when there are too many (https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html). The sender
    stops the mass email. A recipient fails alone: otherwise one unverified colleague would block every test from the
    sandbox; the others go back and are sent without them.
    """
    named = _named(error)
    stop = Outcome(Effect.STOP, "identityNotVerified", message=without_addresses(error))
    if sender.lower() in named or not named & {recipient.lower() for recipient in recipients}:
        return [stop] * len(recipients)
    final = Outcome(Effect.FINAL, "recipientNotVerified", message=without_addresses(error))
    back = Outcome(Effect.BACK, "otherRecipientNotVerified")
    return [final if recipient.lower() in named else back for recipient in recipients]


def _names_only_recipient(error: str, sender: str, recipients: Sequence[str]) -> bool:
    """Whether the call had one entry, and the sentence is about its address."""
    named = _named(error)
    return len(recipients) == 1 and recipients[0].lower() in named and sender.lower() not in named


def _named(error: str) -> frozenset[str]:
    """The addresses and domains that SES's sentence names, in lower case."""
    return frozenset(identity.strip(_AROUND_ADDRESS).lower() for identity in _ADDRESS.findall(error))


def camel(name: str) -> str:
    """SES's own name in camelCase: ``MESSAGE_REJECTED`` and ``MessageRejected`` become ``messageRejected``."""
    words = name.lower().split("_") if "_" in name or name.isupper() else [name[:1].lower() + name[1:]]
    return words[0] + "".join(word.capitalize() for word in words[1:])


def without_addresses(text: str) -> str:
    """SES's sentence as it may be stored and shown: no address in it, of a bounded length."""
    return _ADDRESS.sub("(address)", text)[:MAX_MESSAGE]
