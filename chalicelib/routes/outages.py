"""When AWS itself is slow, throttles or cannot be reached, the caller is told to come again."""

from chalicelib.errors import Deferred

RETRY_AFTER = 5  # seconds
_TRANSIENT = frozenset(
    {
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
        "RequestThrottled",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "TooManyRequestsException",
        # Our clock was off, or credentials were renewed under us: both pass.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)


def outage(error: Exception) -> Deferred | None:
    """The same as a 503, or None: then it is a fault of ours. What was done may be done already: callers repeat with their key."""
    from botocore import exceptions  # noqa: PLC0415 - only who meets an error needs it

    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return Deferred("a service behind the API did not answer", retry_after=RETRY_AFTER)
    if (
        isinstance(error, exceptions.ClientError)
        and error.response.get("Error", {}).get("Code") in _TRANSIENT
    ):
        return Deferred("a service behind the API is busy", retry_after=RETRY_AFTER)
    return None
