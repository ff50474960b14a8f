"""Every error has its HTTP answer."""

import json
from collections.abc import Iterator

import pytest

from chalicelib import errors
from chalicelib.routes.problems import STATUSES, problem_of


def leaves(kind: type[errors.EnvoiError]) -> Iterator[type[errors.EnvoiError]]:
    """The errors that can be raised."""
    below = kind.__subclasses__()
    yield from [kind] if not below else [leaf for each in below for leaf in leaves(each)]


LEAVES = sorted(leaves(errors.EnvoiError), key=lambda kind: kind.__name__)


def test_the_table_is_total() -> None:
    """Each leaf of the tree stands in it, and nothing else does."""
    assert set(STATUSES) == set(LEAVES)


@pytest.mark.parametrize("kind", LEAVES)
def test_the_answer_is_a_problem(kind: type[errors.EnvoiError]) -> None:
    """With the members of RFC 9457, and the status that the tree's docstring tells."""
    made = errors.Invalid.of("field", "is wrong") if kind is errors.Invalid else kind("why")
    response = problem_of(made)
    body = json.loads(response.body)
    assert set(body) >= {"type", "title", "status", "detail"}
    assert body["status"] == response.status_code == STATUSES[kind]
    assert f"{kind.__name__:<20}" + f" {STATUSES[kind].value}" in (errors.__doc__ or "").replace(
        "├── ", ""
    ).replace("└── ", "")
    assert response.headers["Content-Type"] == "application/problem+json"


def test_what_is_worth_waiting_for_says_how_long() -> None:
    """503 and 429 carry Retry-After."""
    assert problem_of(errors.Deferred("later", retry_after=30)).headers["Retry-After"] == "30"
    assert problem_of(errors.TooMany("slowly", retry_after=2)).headers["Retry-After"] == "2"
