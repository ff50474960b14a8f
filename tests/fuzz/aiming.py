"""Calls that were made at random, aimed at what exists: else nearly all of them would end at a 404."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation

Pick = Callable[[int], int]
"""Which of so many."""

_ID = re.compile("[0-9a-f]{17}")
_SINGULAR = {"ids": "id", "targetListIds": "targetListId", "excludingTargetListIds": "targetListId"}


def aim(case: Case[Any], known: Mapping[str, Sequence[str]], pick: Pick) -> None:
    """Put known ids and tokens where the case has some that could be; what is wrong on purpose stays wrong."""
    path: Any = case.path_parameters or {}
    tokens = known.get(case.path.partition("{")[0], ())
    for name, value in path.items():
        if name == "token" and tokens:
            path[name] = tokens[pick(len(tokens))]
        else:
            path[name] = _aimed(name, value, known, pick)
    case.query = _aimed("", case.query, known, pick)
    if isinstance(case.body, dict):
        case.body = _aimed("", case.body, known, pick)


def without_conditions(case: Case[Any]) -> None:
    """Take out what would have nearly every case refused, unless it is what the case is about.

    That is an Idempotency-Key that others had too, a version, and a cursor that nobody gave out.
    """
    if _is_right(case, ParameterLocation.HEADER):
        for name in ("Idempotency-Key", "If-Match"):
            case.headers.pop(name, None)
    if len(case.query) > 1:
        case.query.pop("cursor", None)


def _is_right(case: Case[Any], part: ParameterLocation) -> bool:
    made = case.meta.components.get(part) if case.meta else None
    return made is None or made.mode is GenerationMode.POSITIVE


def _aimed(name: str, value: Any, known: Mapping[str, Sequence[str]], pick: Pick) -> Any:
    if isinstance(value, dict):
        own = known.get(str(value.get("type"))) or known.get(str(value.get("targetType"))) or ()
        here = {**known, "id": own or known["contactId"], "targetId": own or known["contactId"]}
        return {key: _aimed(key, part, here, pick) for key, part in value.items()}
    if isinstance(value, list):
        return [_aimed(_SINGULAR.get(name, ""), part, known, pick) for part in value]
    choices = known.get(name, ())
    if isinstance(value, str) and _ID.fullmatch(value) and choices:
        return choices[pick(len(choices))]
    return value
