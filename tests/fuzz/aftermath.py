"""What was accepted must be bearable: it can be read again, and no function breaks on it later."""

from http import HTTPStatus
from typing import Any

from schemathesis import Case
from schemathesis.core.transport import Response

from tests.fuzz.stage import HOUR, FuzzStage, send


def reread(case: Case[Any], response: Response, stage: FuzzStage) -> None:
    """Read what the call made or changed, alone and in its list.

    Raises:
        AssertionError: Something cannot be read any more.
    """
    for path in _readable(case, response):
        reply = stage.world.http("GET", path, token=stage.token)
        assert reply.status != HTTPStatus.INTERNAL_SERVER_ERROR, f"GET {path} after {case.as_curl_command()}"


def live_on(stage: FuzzStage) -> None:
    """Let an hour pass, in which everything runs.

    Raises:
        Exception: Whatever a function fails with.
    """
    stage.world.clock.advance(HOUR)
    stage.world.tick("sync_lists")
    send(stage.world)


def _readable(case: Case[Any], response: Response) -> list[str]:
    """The record by its own path or by the answer's, and each list on the way to it."""
    parts = case.formatted_path.split("/")
    paths = ["/".join(parts[:length]) for length in range(3, len(parts) + 1)]
    paths += [location for location in response.headers.get("location", []) if location.startswith("/v1/")]
    return [path for path in paths if path.startswith("/v1/")]
