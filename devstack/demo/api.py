"""The demo's hands: Envoi's API and the stand-in's inbox over HTTP, as any caller would use them."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit


class Refused(Exception):
    """An answer that was no success; ``status`` and the problem as Envoi told it."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem


class Api:
    """One connection, kept alive."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self._token = token
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def close(self) -> None:
        """End the connection; another call opens one anew."""
        self._connection.close()

    def call(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """JSON in, JSON out.

        Raises:
            Refused: The status was 400 or more.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        headers |= self._authorization
        target = f"{path}?{urlencode(query)}" if query else path
        raw = json.dumps(body).encode() if body is not None else None
        status, _, answer = self.send(method, target, raw, headers)
        parsed = json.loads(answer) if answer else None
        if status >= http.client.BAD_REQUEST:
            raise Refused(status, parsed)
        return parsed

    def text(self, path: str) -> str:
        """A file."""
        status, _, answer = self.send("GET", path, headers=self._authorization)
        if status >= http.client.BAD_REQUEST:
            raise Refused(status, json.loads(answer))
        return answer.decode()

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def send(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request as it is; the server may have closed a connection that lay idle."""
        for attempt in (1, 2):
            try:
                self._connection.request(method, target, body, dict(headers or {}))
                answer = self._connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._connection.close()
                if attempt == 2:  # noqa: PLR2004 - the second one is news
                    raise
        raise AssertionError

    def pages(self, path: str, **query: object) -> list[Any]:
        """A whole list."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = self.call("GET", path, **{"limit": 200, **query, **more})
            found += page["list"]
            cursor = page["nextCursor"]
            if cursor is None:
                return found
