"""``Idempotency-Key``: the same POST twice has one effect and one answer.

The scope of a key is token, method and path; it is kept for 24 hours. What failed is not kept: it may be tried again.
"""

import hashlib
import json
import re
from collections.abc import Callable, Sequence

from chalice.app import Response

from chalicelib.domain.repeats import Kept
from chalicelib.errors import Conflict, Invalid
from chalicelib.routes.answers import json_response
from chalicelib.routes.calls import Call
from chalicelib.wiring import current

_KEY = re.compile(r"[!-~]{1,255}\Z")
_KEPT_HEADERS = ("ETag", "Location", "Retry-After")


def once(call: Call, secrets: Sequence[str], run: Callable[[], Response]) -> Response:
    """Run, or repeat the answer of the first time.

    Raises:
        Invalid: The key is no line of 1 to 255 visible ASCII characters.
        Conflict: The key came with another body, or its first call still runs.
    """
    key = call.headers.get("idempotency-key")
    if key is None or call.method != "POST":
        return run()
    if not _KEY.match(key):
        raise Invalid.of("Idempotency-Key", "must have 1 to 255 visible ASCII characters")
    digest = _digest(call.principal.token_id, call.method, call.path, key)
    body = hashlib.sha256(call.body).hexdigest()
    kept = current().repeats.begin(digest, body)
    if kept is not None:
        return _repeated(kept, body)
    return _kept(digest, body, secrets, run)


def _repeated(kept: Kept, body: str) -> Response:
    if kept.body_digest != body:
        raise Conflict("this Idempotency-Key came with another body before")
    if kept.status is None:
        raise Conflict("the first call with this Idempotency-Key still runs")
    value = json.loads(kept.answer) if kept.answer else None
    return json_response(value, kept.status, {**kept.headers, "Idempotent-Replayed": "true"})


def _kept(digest: str, body: str, secrets: Sequence[str], run: Callable[[], Response]) -> Response:
    try:
        response = run()
    except BaseException:
        current().repeats.forget(digest)
        raise
    if not 200 <= response.status_code < 300:  # noqa: PLR2004 - the range of success
        current().repeats.forget(digest)
        return response
    headers = {name: str(response.headers[name]) for name in _KEPT_HEADERS if name in response.headers}
    answer = _without(response.body, secrets)
    current().repeats.keep(digest, Kept(body, response.status_code, answer, headers))
    return response


def _without(body: str, secrets: Sequence[str]) -> str:
    if not secrets:
        return body
    value = json.loads(body)
    return json.dumps({name: None if name in secrets else part for name, part in value.items()})


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()
