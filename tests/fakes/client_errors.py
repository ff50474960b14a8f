"""The errors of clients that are none of boto3's, in boto3's shape."""

from functools import cache
from typing import Any

from botocore.exceptions import ClientError


@cache
def error_class(code: str) -> type[ClientError]:
    """The subclass of ClientError for an error code; the same one every time."""
    return type(code, (ClientError,), {"__doc__": f"AWS said {code}."})


class ClientErrors:
    """What a boto3 client offers as ``client.exceptions``: one class per error code."""

    def __getattr__(self, code: str) -> type[ClientError]:
        if code.startswith("_"):
            raise AttributeError(code)
        return ClientError if code == "ClientError" else error_class(code)


def client_error(code: str, message: str, operation: str, **members: Any) -> ClientError:
    """The exception that boto3 raises; ``operation`` is named as in the API (``PutItem``), ``members`` as in the model."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RetryAttempts": 0},
        **members,
    }
    return error_class(code)(response, operation)


def answered(**members: Any) -> dict[str, Any]:
    """An answer as boto3 gives it."""
    return {**members, "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}}
