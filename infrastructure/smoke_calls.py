"""The API as the smoke test calls it: from outside, by its public address."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, NamedTuple

TIMEOUT = 35  # seconds; API Gateway gives up after 29
_REFUSED = 400


class Reply(NamedTuple):
    """An answer; the names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unexpected(RuntimeError):
    """The API refused what should have worked; says what it answered."""


class Caller:
    """One stage's API, as its administrator."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def call(self, method: str, path: str, body: object = None) -> Any:
        """JSON in, JSON out, as the administrator.

        Raises:
            Unexpected: It was refused.
        """
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        raw = None if body is None else json.dumps(body).encode()
        reply = self.send(method, path, headers, raw)
        if reply.status >= _REFUSED:
            raise Unexpected(f"{method} {path}: {reply.status} {reply.body.decode(errors='replace')}")
        return json.loads(reply.body) if reply.body else None

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """One request as anybody can make it."""
        # The address is the stage's own output, so no scheme but http(s) can stand in it.
        request = urllib.request.Request(  # noqa: S310
            self._url + path, body, dict(headers or {}), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - as above
                return Reply(answer.status, _small(answer.headers), answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Reply(refused.code, _small(refused.headers), refused.read())


def _small(headers: Any) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}
