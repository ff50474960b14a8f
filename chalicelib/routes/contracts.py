"""What a route promises, read from its view's signature: the one source of binding and of OpenAPI."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, get_args, get_origin, get_type_hints

from msgspec import Struct

from chalicelib.domain.records import Role
from chalicelib.routes.calls import Call
from chalicelib.routes.reading import Patch

JSON_TYPES = ("application/json",)
PATCH_TYPES = ("application/json", "application/merge-patch+json")
_USUAL_STATUS = {"POST": 201, "DELETE": 204}


@dataclass(frozen=True)
class Contract:
    """One route; ``path`` is the template, ``answer`` the annotation of what the view gives back."""

    name: str
    summary: str
    path: str
    methods: tuple[str, ...]
    role: Role | None
    status: int
    secrets: tuple[str, ...]
    path_names: tuple[str, ...]
    call_name: str | None
    query: type[Struct] | None
    body: type[Struct] | None
    is_patch: bool
    answer: Any

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
    ) -> "Contract":
        """Read a view's signature.

        Raises:
            TypeError: A parameter that nothing could be bound to: a fault in the code, found at import.
        """
        hints = get_type_hints(view, include_extras=True)
        answer = hints.pop("return", None)
        names = tuple(re.findall(r"{(\w+)}", path))
        body = hints.get("body")
        call_name = next((name for name, hint in hints.items() if hint is Call), None)
        unbound = set(hints) - {"body", "query", call_name, *names}
        if unbound or set(names) - set(hints):
            raise TypeError(f"{view.__module__}.{view.__name__}: {path} does not fit its parameters {hints}")
        is_patch = get_origin(body) is Patch
        return cls(
            name=f"{view.__module__}.{view.__name__}",
            summary=(getdoc(view) or "").partition("\n")[0],
            path=path,
            methods=methods,
            role=role,
            status=status or _USUAL_STATUS.get(methods[0], 200),
            secrets=secrets,
            path_names=names,
            call_name=call_name,
            query=hints.get("query"),
            body=get_args(body)[0] if is_patch else body,
            is_patch=is_patch,
            answer=answer,
        )
