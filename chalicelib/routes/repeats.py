"""``Idempotency-Key``: the same POST twice has one effect and one answer.

The scope of a key is caller, method and path; it is kept for 24 hours. What failed is not kept: it may be tried again.
Of an answer about a person only the place of the person is kept, so that erasing them leaves nothing here.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection
from typing import Any

from chalice.app import Response

from chalicelib.domain.repeats import Kept
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.routes.answers import json_response
from chalicelib.routes.calls import Call
from chalicelib.wiring import current

_KEY = re.compile(r"[!-~]{1,255}\Z")
_KEPT_HEADERS = ("ETag", "Location", "Retry-After")
Run = Callable[[], Response]
Reread = Callable[[str], Response]


def once(call: Call, secrets: Collection[str], run: Run, reread: Reread | None = None) -> Response:
    """Run, or repeat the answer of the first time; ``reread`` makes it anew from the id of what was made.

    Raises:
        Invalid: The key is no line of 1 to 255 visible ASCII characters.
        Conflict: The key came with another body, its first call still runs, or what it made is gone.
    """
    key = call.headers.get("idempotency-key")
    if key is None or call.method != "POST":
        return run()
    if not _KEY.match(key):
        raise Invalid.of("Idempotency-Key", "must have 1 to 255 visible ASCII characters")
    digest = _digest(call.principal.id, call.method, call.path, key)
    body = hashlib.sha256(call.body).hexdigest()
    kept = current().repeats.begin(digest, body)
    if kept is not None:
        return _repeated(kept, body, reread)
    return _kept(digest, body, run, lambda answer: "" if reread else _without(answer, secrets))


def _repeated(kept: Kept, body: str, reread: Reread | None) -> Response:
    if kept.body_digest != body:
        raise Conflict("this Idempotency-Key came with another body before")
    if kept.status is None:
        raise Conflict("the first call with this Idempotency-Key still runs")
    if reread is not None:
        response = _read_again(reread, kept.headers["Location"].rpartition("/")[2])
        response.headers["Idempotent-Replayed"] = "true"
        return response
    value = json.loads(kept.answer) if kept.answer else None
    return json_response(value, kept.status, {**kept.headers, "Idempotent-Replayed": "true"})


def _read_again(reread: Reread, made_id: str) -> Response:
    try:
        return reread(made_id)
    except NotFound as error:
        raise Conflict("what the first call with this Idempotency-Key made is gone") from error


def _kept(digest: str, body: str, run: Run, told: Callable[[str], str]) -> Response:
    try:
        response = run()
    except BaseException:
        current().repeats.forget(digest)
        raise
    if not 200 <= response.status_code < 300:  # noqa: PLR2004 - the range of success
        current().repeats.forget(digest)
        return response
    headers = {name: str(response.headers[name]) for name in _KEPT_HEADERS if name in response.headers}
    current().repeats.keep(digest, Kept(body, response.status_code, told(response.body), headers))
    return response


def _without(body: str, secrets: Collection[str]) -> str:
    return json.dumps(_hidden(json.loads(body), secrets)) if secrets else body


def _hidden(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, list):
        return [_hidden(each, secrets) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: None if name in secrets else _hidden(part, secrets) for name, part in value.items()}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()
