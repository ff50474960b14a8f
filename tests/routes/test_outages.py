"""When AWS is slow, throttles or cannot be reached."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from tests.world import World


class Failing:
    """A store that fails in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self) -> Any:
        """Fail."""
        raise self._error


def client_error(code: str) -> ClientError:
    """An answer of AWS."""
    return ClientError({"Error": {"Code": code, "Message": "ann@example.com"}}, "GetItem")


@pytest.mark.parametrize(
    "error",
    [
        client_error("ProvisionedThroughputExceededException"),
        client_error("ThrottlingException"),
        client_error("InternalServerError"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
        EndpointConnectionError(endpoint_url="https://dynamodb"),
    ],
    ids=lambda error: str(type(error).__name__),
)
def test_what_passes_is_503(world: World, error: Exception) -> None:
    """With Retry-After: it is nobody's fault."""
    world.wiring.__dict__["settings"] = Failing(error)
    reply = world.http("GET", "/v1/settings")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    "code", ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"]
)
def test_what_does_not_pass_is_500(world: World, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault of ours; the log has AWS's code and not its sentence."""
    world.wiring.__dict__["settings"] = Failing(client_error(code))
    reply = world.http("GET", "/v1/settings")
    assert reply.status == 500
    assert "ann@example.com" not in json.dumps(reply.body) + capsys.readouterr().out
