"""The merge over partitions: exact whatever lies in them, however little one page may read."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.newest_first import MergedPage, Stream, newest_first
from chalicelib.storage.table import Table
from tests.storage.conftest import EVERY_STORE, fresh_table

PREFIXES = ("Account#", "Contact#", "Lead#")
_worlds = count(1)


@pytest.fixture(scope="module")
def memory() -> Iterator[Table]:
    """One table for all examples; each has partitions of its own."""
    with fresh_table("memory") as made:
        yield made


def an_id(number: int) -> str:
    return f"{number:017x}"


ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 40) | st.just(16**17 - 1), st.booleans()),
    unique_by=lambda row: row[:3],
    max_size=60,
)


@given(rows=ROWS, limit=st.integers(1, 12), max_read=st.integers(1, 40))
def test_no_row_twice_and_none_missing(
    memory: Table, rows: list[tuple[int, int, int, bool]], limit: int, max_read: int
) -> None:
    """Any rows in any of nine streams, a filter that passes over some, any budget: all of them, newest first."""
    world = next(_worlds)
    memory.write_many(
        {
            "PK": {"S": f"{world}#{spread}"},
            "SK": {"S": f"{PREFIXES[prefix]}{an_id(number)}"},
            "wanted": {"BOOL": wanted},
        }
        for spread, prefix, number, wanted in rows
    )
    streams = [Stream(f"{world}#{spread}", prefix) for spread in range(3) for prefix in PREFIXES]
    found: list[tuple[str, str]] = []
    start: str | None = None
    for _ in range(200):
        page = _page(memory, streams, limit, start, max_read)
        assert page.next_key is None or page.next_key != start, "every page gets on"
        assert len(page.items) <= limit
        found += [(item["SK"]["S"], item["PK"]["S"]) for item in page.items]
        start = page.next_key
        if start is None:
            break
    expected = {
        (f"{PREFIXES[prefix]}{an_id(number)}", f"{world}#{spread}")
        for spread, prefix, number, wanted in rows
        if wanted
    }
    # Within one prefix an id is in one partition only in real life; where it is in several, they are equals.
    positions = [(sort[-17:], sort[:-17]) for sort, _ in found]
    assert positions == sorted(positions, reverse=True)
    assert len(found) == len(set(found))
    assert set(found) <= expected
    assert {sort for sort, _ in found} == {sort for sort, _ in expected}


def _page(table: Table, streams: list[Stream], limit: int, start: str | None, max_read: int) -> MergedPage:
    return newest_first(
        table,
        streams,
        limit=limit,
        start=start,
        max_read=max_read,
        FilterExpression="wanted = :wanted",
        ExpressionAttributeValues={":wanted": {"BOOL": True}},
    )


@pytest.mark.parametrize("store", EVERY_STORE)
def test_a_page_never_looks_at_much_more_than_it_may(store: str) -> None:
    """It answers what it has, with a cursor; going on finds the rest."""
    with fresh_table(store) as table:
        table.write_many(
            {
                "PK": {"S": f"p{number % 8}"},
                "SK": {"S": an_id(number)},
                "wanted": {"BOOL": number in (3, 250)},
            }
            for number in range(300)
        )
        streams = [Stream(f"p{spread}") for spread in range(8)]
        found: list[str] = []
        start, pages, most = None, 0, 0
        while pages == 0 or start is not None:
            page = _page(table, streams, 5, start, 60)
            found += [item["SK"]["S"] for item in page.items]
            start, pages, most = page.next_key, pages + 1, max(most, page.read)
        assert found == [an_id(250), an_id(3)]
        assert pages >= 3
        assert most <= 60 + 12
