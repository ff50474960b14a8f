"""What a view answers with: values that become JSON, and bytes that reach a reader whatever they accept."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Generic, Self, TypeVar

import msgspec
from chalice.app import Response
from msgspec import Struct

from chalicelib.domain.etags import etag_of

T = TypeVar("T")
HTML = "text/html; charset=utf-8"


class Answer(Struct, rename="camel", kw_only=True, frozen=True):
    """What a route answers, in camelCase. Times become RFC 3339 with ``Z``; a field ``etag`` becomes a header too."""

    @classmethod
    def of(cls, record: object, **others: Any) -> Self:
        """Take each field from the record's attribute of the same name, ``etag`` from its ``rev``, or from ``others``."""
        names = [name for name in cls.__struct_fields__ if name not in others]
        own = {
            name: etag_of(record.rev) if name == "etag" else getattr(record, name)  # type: ignore[attr-defined]
            for name in names
        }
        return cls(**own, **others)


class RecordAnswer(Answer, kw_only=True, frozen=True):
    """What the answer for every record begins with."""

    id: str
    created_at: datetime
    modified_at: datetime
    etag: str


class Listing(Struct, Generic[T], kw_only=True, frozen=True):
    """One page of a list, newest first; ``nextCursor`` is null at its end."""

    items: list[T] = msgspec.field(name="list")
    next_cursor: str | None = msgspec.field(name="nextCursor", default=None)


@dataclass(frozen=True)
class Sent(Generic[T]):
    """An answer with a status or headers of its own; a view that needs neither answers with the value alone."""

    value: T
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class BinaryResponse(Response):
    """Bytes, whatever the caller accepts.

    Chalice answers 400 to a binary content type that ``Accept`` does not name (``_validate_binary_response`` of
    chalice/app.py 1.34), and mail clients' image proxies name all sorts. So the type is put in only when the answer is
    written, and the bytes are encoded here; API Gateway decodes them because ``*/*`` is a binary media type of the stage:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
    """

    def __init__(
        self,
        body: bytes,
        content_type: str,
        headers: Mapping[str, str] | None = None,
        status_code: int = HTTPStatus.OK,
    ) -> None:
        super().__init__(body, dict(headers or {}), status_code)
        self.content_type = content_type

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:  # noqa: ARG002 - Chalice's signature
        """The answer as API Gateway takes it."""
        return {
            "headers": {**self.headers, "Content-Type": self.content_type},
            "multiValueHeaders": {},
            "statusCode": self.status_code,
            "isBase64Encoded": True,
            "body": base64.b64encode(self.body).decode("ascii"),
        }


def json_response(
    value: object,
    status: int,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Response:
    """A value as JSON, never kept by a cache between us and the caller."""
    fixed = {"Content-Type": content_type, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    body = "" if status == HTTPStatus.NO_CONTENT else msgspec.json.encode(value).decode("utf-8")
    return Response(body, {**fixed, **(headers or {})}, status)
