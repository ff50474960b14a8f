"""What a route promises, read from its view's signature: the one source of binding and of OpenAPI."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, get_args, get_origin, get_type_hints

from chalice.app import Response
from msgspec import Struct

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import Role
from chalicelib.routes.answers import Sent
from chalicelib.routes.calls import Call
from chalicelib.routes.reading import Patch

JSON_TYPES = ("application/json",)
PATCH_TYPES = ("application/json", "application/merge-patch+json")
_USUAL_STATUS = {"POST": 201, "DELETE": 204}


@dataclass(frozen=True)
class Contract:
    """One route; ``path`` is the template.

    ``answers`` is what it may answer, by status: a type, a content type for what is no JSON, or None for no body.
    ``reread`` makes the answer of a ``POST`` anew from the id of what it made.
    """

    name: str
    summary: str
    path: str
    methods: tuple[str, ...]
    role: Role | None
    status: int
    secrets: tuple[str, ...]
    reread: Callable[[str], Any] | None
    path_names: tuple[str, ...]
    call_name: str | None
    if_match_name: str | None
    query: type[Struct] | None
    body: type[Struct] | None
    is_patch: bool
    answers: Mapping[int, Any]

    @property
    def content_types(self) -> tuple[str, ...]:
        """What Chalice lets through; nothing means that it does not look."""
        if self.body is None:
            return ()
        return PATCH_TYPES if "PATCH" in self.methods else JSON_TYPES

    @classmethod
    def of(
        cls,
        view: Callable[..., Any],
        *,
        path: str,
        methods: tuple[str, ...],
        role: Role | None,
        status: int | None,
        secrets: tuple[str, ...],
        reread: Callable[[str], Any] | None = None,
        answers: Mapping[int, Any] | None = None,
    ) -> "Contract":
        """Read a view's signature.

        Raises:
            TypeError: A parameter that nothing could be bound to: a fault in the code, found at import.
        """
        hints = get_type_hints(view, include_extras=True)
        answer = hints.pop("return", None)
        names = tuple(re.findall(r"{(\w+)}", path))
        body = hints.get("body")
        call_name = _name_of(Call, hints)
        if_match_name = _name_of(IfMatch, hints)
        unbound = set(hints) - {"body", "query", call_name, if_match_name, *names}
        if unbound or set(names) - set(hints):
            raise TypeError(f"{view.__module__}.{view.__name__}: {path} does not fit its parameters {hints}")
        is_patch = get_origin(body) is Patch
        status = status or _USUAL_STATUS.get(methods[0], 200)
        return cls(
            name=f"{view.__module__}.{view.__name__}",
            summary=(getdoc(view) or "").partition("\n")[0],
            path=path,
            methods=methods,
            role=role,
            status=status,
            secrets=secrets,
            reread=reread,
            path_names=names,
            call_name=call_name,
            if_match_name=if_match_name,
            query=hints.get("query"),
            body=get_args(body)[0] if is_patch else body,
            is_patch=is_patch,
            answers={**_usual(status, answer), **(answers or {})},
        )


def _name_of(kind: type, hints: Mapping[str, Any]) -> str | None:
    return next((name for name, hint in hints.items() if hint is kind), None)


def _usual(status: int, answer: Any) -> Mapping[int, Any]:
    """What the annotation tells; a view that makes its own response tells nothing."""
    if isinstance(answer, type) and issubclass(answer, Response):
        return {}
    value = get_args(answer)[0] if get_origin(answer) is Sent else answer
    return {status: None if value is type(None) else value}
