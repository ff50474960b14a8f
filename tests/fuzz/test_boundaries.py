"""Every operation at the edges of every value: the least, the most, one beyond, the wrong type, what is missing or too much."""

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from itertools import count
from operator import mod
from typing import Any

import pytest
from schemathesis import Case, GenerationMode

from tests.fuzz.aiming import aim, without_conditions
from tests.fuzz.judging import DOCUMENT, EXAMPLES, OPERATIONS, SCHEMA, ask
from tests.fuzz.stage import FuzzStage

HOUR_EVERY = 1 if EXAMPLES >= 100 else 5
"""After so many calls, an hour: they take most of the time, and in the short form they have minutes."""


def boundary_cases(label: str) -> Iterator[Case[Any]]:
    """The same every time."""
    operation = OPERATIONS[label]
    cases = SCHEMA.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=SCHEMA.config.generation
    )
    # Chalice's local gateway answers OPTIONS itself, and in the cloud a method that no route takes never reaches us.
    return (case for case in cases if case.method.upper() == operation.method.upper())


def emptied(case: Case[Any]) -> Iterator[Case[Any]]:
    """The case with nothing, of each kind, in each field of its body: schemathesis goes only to edges that a schema names."""
    content = DOCUMENT["paths"][case.path][case.method.lower()].get("requestBody", {}).get("content", {})
    name = next((each["schema"]["$ref"].rpartition("/")[2] for each in content.values()), "")
    for field in DOCUMENT["components"]["schemas"].get(name, {}).get("properties", ()):
        for nothing in ("", [], {}, None, 0):
            yield case.operation.Case(
                path_parameters=case.path_parameters,
                query=case.query,
                headers=case.headers,
                body={**case.body, field: nothing},
                media_type=case.media_type,
            )


@pytest.mark.parametrize("label", OPERATIONS)
def test_boundaries(populated: FuzzStage, label: str) -> None:
    """Whatever it is, the answer is one that the document promises, and some call can be carried out."""
    populated.restore()
    turns, calls = count(), count()
    statuses: set[int] = set()
    for case in boundary_cases(label):
        # The first case is right in everything: it is for each of what exists.
        for _ in range(1 if statuses else populated.most_known):
            aim(case, populated.known, partial(mod, next(turns)))
            without_conditions(case)
            was_first = not any(status < HTTPStatus.BAD_REQUEST for status in statuses)
            statuses.add(ask(case, populated, hour_passes=next(calls) % HOUR_EVERY == 0))
            if was_first and min(statuses) < HTTPStatus.BAD_REQUEST:
                for other in emptied(case):
                    statuses.add(ask(other, populated, hour_passes=next(calls) % HOUR_EVERY == 0))
    assert min(statuses) < HTTPStatus.BAD_REQUEST, f"nothing could carry out {label}: {sorted(statuses)}"
