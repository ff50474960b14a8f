"""The botocore client that sends: no retries, short time-outs, bodies passed through as they are."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

CONNECT_TIMEOUT = 3  # seconds
READ_TIMEOUT = 30  # seconds; a call that is silent for longer is settled by its events


def sending_client(
    session: "boto3.session.Session | None" = None,
    *,
    connect_timeout: float = CONNECT_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
) -> Any:
    """An SES v2 client for :class:`chalicelib.mail.sender.SesSender`; endpoint and credentials are boto3's own.

    ``total_max_attempts=1`` turns every retry off, also where ``AWS_MAX_ATTEMPTS`` says otherwise: SES has no
    idempotency key, so a second try could be a second message
    (https://docs.aws.amazon.com/boto3/latest/guide/retries.html). Parameters are not validated: the body is ours.
    """
    import boto3  # noqa: PLC0415 - a cold start pays only for what it uses
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        tcp_keepalive=True,
        parameter_validation=False,
        user_agent="envoi",  # botocore would put its own together anew for every call
    )
    client = (session or boto3.session.Session()).client("sesv2", config=config)
    # One region, one endpoint: botocore's rules need not be asked anew for each call; as in ``storage/fast_client.py``.
    client._ruleset_resolver = None  # noqa: SLF001 - no public setting says so, and a test holds that it works
    return client
