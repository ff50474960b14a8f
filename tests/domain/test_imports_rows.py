"""Rows become the fields of a person, or say why not; all of it from the file alone."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.domain.addresses import normalised
from chalicelib.domain.csv_lines import Record
from chalicelib.domain.imports import (
    NOTHING_KNOWN,
    Change,
    ImportOrder,
    Known,
    Mode,
    Standing,
    change_of,
    person_id,
)
from chalicelib.domain.imports_columns import columns_of
from chalicelib.domain.imports_rows import BadRow, GoodRow, Row, RowReader
from chalicelib.domain.records import Account, AddressFlags, Contact, TargetType
from tests.fakes.clock import NINE_ON_A_MONDAY
from tests.fakes.people import key_of

CONTACT, ACCOUNT, LEAD, USER = TargetType.CONTACT, TargetType.ACCOUNT, TargetType.LEAD, TargetType.USER


def rows_of(target_type: TargetType, headers: str, *lines: Sequence[str]) -> list[Row]:
    """The rows of a file with this header."""
    reader = RowReader(target_type, columns_of(target_type, headers.split(","), {}), key_of)
    return list(reader.read(iter(Record(number, line) for number, line in enumerate(lines, start=2))))


def row_of(target_type: TargetType, headers: str, line: str) -> Row:
    """One row, its cells between bars."""
    [row] = rows_of(target_type, headers, line.split("|"))
    return row


@pytest.mark.parametrize(
    ("target_type", "headers", "line", "fields"),
    [
        (CONTACT, "Email,First Name", " a@x.fr | Zoé ", {"email_address": "a@x.fr", "first_name": "Zoé"}),
        (CONTACT, "Email,First Name", "a@x.fr|", {"email_address": "a@x.fr"}),
        (CONTACT, "Email,First Name", "a@x.fr", {"email_address": "a@x.fr"}),
        (
            CONTACT,
            "Email,Name",
            "a@x.fr|Ada M. Lovelace",
            {"email_address": "a@x.fr", "first_name": "Ada M.", "last_name": "Lovelace"},
        ),
        (CONTACT, "Email,Name", "a@x.fr|Ada", {"email_address": "a@x.fr", "first_name": "Ada"}),
        (
            CONTACT,
            "Email,Name,First Name",
            "a@x.fr|Ada Lovelace|Augusta",
            {"email_address": "a@x.fr", "first_name": "Augusta"},
        ),
        (ACCOUNT, "Email,Name", "a@x.fr|Fjord AS", {"email_address": "a@x.fr", "name": "Fjord AS"}),
        (USER, "Email,Active", "a@x.fr|Non", {"email_address": "a@x.fr", "is_active": False}),
        (
            CONTACT,
            "Email,Phone,City",
            "a@x.fr|'+33 6|Łódź",
            {"email_address": "a@x.fr", "attributes": {"phone": "+33 6", "city": "Łódź"}},
        ),
        (
            CONTACT,
            "uuid,email,name,attributes,status",
            'x|a@x.fr||{"city": "Oslo", "n": [1, 2]}|enabled',
            {"email_address": "a@x.fr", "attributes": {"city": "Oslo", "n": [1, 2]}},
        ),
    ],
)
def test_cells_become_fields(
    target_type: TargetType, headers: str, line: str, fields: dict[str, Any]
) -> None:
    """Spaces around do not count, empty cells say nothing, a whole name is cut unless its parts are there."""
    row = row_of(target_type, headers, line)
    assert isinstance(row, GoodRow)
    assert row.fields == fields
    assert row.address_key == key_of("a@x.fr")


@pytest.mark.parametrize(
    ("target_type", "headers", "line", "reason"),
    [
        (CONTACT, "Courriel,Nom", "|Ann", "Courriel: is missing"),
        (CONTACT, "Email", "a.x.fr", "Email: is not an email address"),
        (CONTACT, "Email", "é@x.fr", "Email: has a non-ASCII local part"),
        (CONTACT, "Email", "a@x.fr|b", "has 2 cells, the header has 1"),
        (CONTACT, "Email,First Name", f"a@x.fr|{'x' * 256}", "First Name: is longer than 255 characters"),
        (CONTACT, "Email,First Name", "a@x.fr|a\nb", "First Name: holds a line break"),
        (CONTACT, "Email,Account ID", "a@x.fr|Fjord AS", "Account ID: is no id"),
        (LEAD, "Email,Campaign ID", "a@x.fr|1", "Campaign ID: is no id"),
        (USER, "Email,Active", "a@x.fr|maybe", "Active: is neither yes nor no"),
        (CONTACT, "Email,Unsubscribed", "a@x.fr|perhaps", "Unsubscribed: is neither yes nor no"),
        (CONTACT, "Email,Note", f"a@x.fr|{'x' * 33_000}", "attributes: is larger than 32768 bytes"),
        (CONTACT, "Email,attributes", "a@x.fr|{", "attributes: is not JSON"),
        (CONTACT, "Email,attributes", "a@x.fr|[1]", "attributes: is no JSON object"),
        (CONTACT, "Email,attributes", 'a@x.fr|{"a": NaN}', "attributes: holds a number"),
        (CONTACT, "Email,attributes", f"a@x.fr|{'[' * 100_000}", "attributes: is not JSON"),
    ],
)
def test_a_bad_row_says_why(target_type: TargetType, headers: str, line: str, reason: str) -> None:
    """By the header that the file's owner knows; never with the address itself."""
    row = row_of(target_type, headers, line)
    assert isinstance(row, BadRow)
    assert row.reason.startswith(reason)
    assert "@" not in row.reason
    assert list(row.cells) == line.split("|")


def test_delimiters_at_the_end_of_a_line_are_no_cells() -> None:
    """Some programs end each line with one, and the header without."""
    [row] = rows_of(CONTACT, "Email,Name", ["a@x.fr", "Ann", "", " "])
    assert isinstance(row, GoodRow)
    assert row.fields == {"email_address": "a@x.fr", "first_name": "Ann"}


def test_a_line_that_is_no_record_is_a_bad_row() -> None:
    """With the problem that its reading had."""
    reader = RowReader(CONTACT, columns_of(CONTACT, ["Email"], {}), key_of)
    [row] = reader.read(iter([Record(7, ['"a'], "a quotation mark is opened and never closed")]))
    assert row == BadRow(1, 7, ['"a'], "a quotation mark is opened and never closed")


@pytest.mark.parametrize(
    ("headers", "line", "opts_out", "is_invalid"),
    [
        ("Email,Opted out", "a@x.fr|yes", True, False),
        ("Email,Opted out", "a@x.fr|no", False, False),
        ("Email,Opted out", "a@x.fr|", False, False),
        ("Email,emailAddressIsInvalid", "a@x.fr|1", False, True),
        ("Email,UNSUB_TIME", "a@x.fr|2024-01-01 10:00:00", True, False),
        ("Email,CLEAN_TIME", "a@x.fr|2024-01-01 10:00:00", False, True),
        ("uuid,email,name,attributes,status", "x|a@x.fr|||blocklisted", True, False),
        ("uuid,email,name,attributes,status", "x|a@x.fr|||disabled", True, False),
        ("uuid,email,name,attributes,status", "x|a@x.fr|||enabled", False, False),
    ],
)
def test_what_other_programs_say_of_an_address_is_heard(
    headers: str, line: str, opts_out: bool, is_invalid: bool
) -> None:
    """Who left there is not mailed from here."""
    row = row_of(CONTACT, headers, line)
    assert isinstance(row, GoodRow)
    assert (row.opts_out, row.is_invalid) == (opts_out, is_invalid)
    assert set(row.fields) == {"email_address"}


@given(st.lists(st.sampled_from(["a@x.fr", "A@X.FR", "b@x.fr", "broken", "", "B@x.FR", "c@münchen.example"])))
def test_an_address_counts_once(addresses: list[str]) -> None:
    """The first good row has it; each later one says where it stands. Numbers count every row."""
    rows = rows_of(CONTACT, "Email", *([address] for address in addresses if address))
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    good = [row for row in rows if isinstance(row, GoodRow)]
    found = [normalised(row.fields["email_address"]) for row in good]
    assert len(found) == len(set(found))
    assert set(found) == {normalised(each) for each in addresses if "@" in each}
    lines = {row.address_key: row.line for row in good}
    for row in rows:
        if isinstance(row, BadRow) and "@" in row.cells[0]:
            assert row.reason == f"Email: stands in line {lines[key_of(row.cells[0])]} already"


def test_a_bad_row_does_not_take_its_address() -> None:
    """A later, good row with it is taken."""
    first, second = rows_of(CONTACT, "Email,First Name", ["a@x.fr", "x" * 300], ["a@x.fr", "Ann"])
    assert isinstance(first, BadRow)
    assert isinstance(second, GoodRow)


# What a row changes.

ANN = Contact(
    id="1" * 17,
    created_at=NINE_ON_A_MONDAY,
    modified_at=NINE_ON_A_MONDAY,
    first_name="Ann",
    email_address="ann@x.fr",
    attributes={"a": "1", "b": {"c": 1}},
)
LIST, OTHER = "a" * 17, "b" * 17


def changed(
    known: Known, mode: Mode, fields: dict[str, Any], target_type: TargetType = CONTACT
) -> Change | BadRow:
    row = GoodRow(3, 4, ["ANN@x.fr"], "k", {"email_address": "ANN@x.fr", **fields})
    order = ImportOrder(entity_type=target_type, mode=mode, target_list_ids=(LIST, OTHER))
    return change_of(row, known, order, new_id="c" * 17, at=NINE_ON_A_MONDAY.replace(hour=12))


def test_empty_cells_change_nothing_and_attributes_are_merged() -> None:
    """The address stays as its holder writes it."""
    change = changed(
        Known(target=ANN), Mode.UPDATE, {"last_name": "Lee", "attributes": {"a": "2", "b": {"d": 3}}}
    )
    assert isinstance(change, Change)
    assert change.is_update
    assert change.after == Contact(
        **{
            **ANN.__dict__,
            "last_name": "Lee",
            "attributes": {"a": "2", "b": {"c": 1, "d": 3}},
            "modified_at": NINE_ON_A_MONDAY.replace(hour=12),
            "rev": 2,
        }
    )


names = st.text("abc", min_size=1, max_size=2)
attributes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda parts: st.lists(parts, max_size=2) | st.dictionaries(names, parts, max_size=3),
)


@given(st.dictionaries(names, attributes, max_size=3))
def test_who_was_created_is_not_changed_by_the_same_row(told: dict[str, Any]) -> None:
    """Whatever JSON it holds: listmonk writes nulls, and a null is no attribute."""
    fields = {"attributes": told, "last_name": "Lee"}
    made = changed(NOTHING_KNOWN, Mode.CREATE, fields)
    assume(isinstance(made, Change))  # not nested too deep
    assert isinstance(made, Change)
    assert made.after.email_address == "ANN@x.fr"
    again = changed(Known(target=made.after), Mode.UPDATE, fields)
    assert isinstance(again, Change)
    assert again.after == made.after


def test_what_says_what_is_there_changes_nothing() -> None:
    """No new time, no new version."""
    change = changed(Known(target=ANN), Mode.UPDATE, {"first_name": "Ann", "attributes": {"a": "1"}})
    assert isinstance(change, Change)
    assert not change.is_update
    assert change.after == ANN


def test_what_a_person_would_become_must_hold_too() -> None:
    """Attributes may be small in the file and too large with those that are there."""
    big = Contact(**{**ANN.__dict__, "attributes": {"x": "x" * 32_000}})
    refused = changed(Known(target=big), Mode.UPDATE, {"attributes": {"y": "y" * 1_000}})
    assert isinstance(refused, BadRow)
    assert refused.reason.startswith("attributes: is larger than")


def test_a_company_needs_a_name_to_be_created() -> None:
    """To be updated it need not be told again."""
    assert changed(Known(), Mode.CREATE, {}, ACCOUNT) == BadRow(3, 4, ["ANN@x.fr"], "name: is required")
    times: dict[str, Any] = {"created_at": NINE_ON_A_MONDAY, "modified_at": NINE_ON_A_MONDAY}
    fjord = Account(id="2" * 17, name="Fjord AS", **times)
    assert isinstance(changed(Known(target=fjord), Mode.UPDATE, {}, ACCOUNT), Change)


@pytest.mark.parametrize(
    ("flags", "standings", "joins"),
    [
        (None, {}, {LIST: False, OTHER: False}),
        (AddressFlags(key="k", lists_left=frozenset({LIST})), {}, {LIST: True, OTHER: False}),
        (None, {LIST: Standing(is_member=True, opted_out=True)}, {OTHER: False}),
        (None, {LIST: Standing(is_member=False, opted_out=True)}, {LIST: True, OTHER: False}),
    ],
)
def test_who_left_a_list_comes_back_to_it_opted_out(
    flags: AddressFlags | None, standings: dict[str, Standing], joins: dict[str, bool]
) -> None:
    """By address, or by having opted out before being removed; who is on it stays as they are."""
    change = changed(Known(flags=flags, target=ANN, standings=standings), Mode.UPDATE, {})
    assert isinstance(change, Change)
    assert change.joins == joins


@given(st.integers(0, 500_000), st.integers(0, 500_000), st.integers(0, 9), st.integers(0, 9))
def test_no_two_rows_share_an_id(one: int, other: int, attempt: int, again: int) -> None:
    """Of one import, at whatever attempt; ids tell when the import was made."""
    job = "19ca8695012ffffff"
    ids = {person_id(job, one, attempt), person_id(job, other, again)}
    assert (len(ids) == 1) is ((one + attempt * 500_000) == (other + again * 500_000))
    assert all(each.startswith(job[:11]) and len(each) == 17 for each in ids)
