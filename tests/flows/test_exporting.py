"""Exports: the file is what a spreadsheet reads back, no cell is a formula, and it is whole or not at all."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.csv_cells import unguarded
from chalicelib.domain.people import ref_of
from chalicelib.domain.ports import Membership
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Campaign, Lead, TargetType
from chalicelib.flows import exporting
from chalicelib.flows.export_sources import (
    LIST_KIND,
    LOG_COLUMNS,
    LOG_KIND,
    MEMBER_COLUMNS,
    REPORT_KIND,
)
from chalicelib.flows.exporting import cell, records
from tests.flows.searchers import CONTACT, LEAD, Town, dying_everywhere


@pytest.fixture
def town() -> Town:
    return Town()


def content(town: Town, job: Job) -> list[list[str]]:
    """The file that a job made."""
    result: Any = job.result
    raw = town.wiring.files.open(result["file"]).read(10**9)
    text = raw.decode("utf-8-sig")
    assert raw.startswith(b"\xef\xbb\xbf")
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert len(found) == result["rows"] + 1
    return found


def a_report(town: Town, **fields: Any) -> str:
    return town.wiring.reports.create({"name": "Report", "entity_type": CONTACT, "where": (), **fields}).id


def test_a_report_is_exported_with_its_columns_in_its_order(town: Town) -> None:
    """Every row, however many pages; the job says how many and where."""
    for number in range(1_050):
        town.person(last_name=f"N{number % 7}", attributes={"n": number})
    report_id = a_report(town, columns=("lastName", "attributes.n"), order_by="name")
    job = town.run(town.wiring.exporting.start(REPORT_KIND, report_id))
    header, *rows = content(town, job)
    assert (job.status, job.done, job.total) == ("Done", 1_050, 1_050)
    assert header == ["lastName", "attributes.n"]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert sorted(int(row[1]) for row in rows) == list(range(1_050))


def test_cells(town: Town) -> None:
    """Texts that a spreadsheet would run are text; lists are JSON; quotes and line breaks are quoted (RFC 4180)."""
    shades = [
        "=1+1",
        "+33 6",
        "-x",
        "@A1",
        "\tx",
        "\rx",
        'say "hi", all',
        "a\nb",
        ["x", 1],
        {"a": "é"},
        -5,
        1.5,
        True,
        None,
        "",
    ]
    for place, shade in enumerate(shades):
        town.person(last_name=f"{place:02}", attributes={"shade": shade})
    job = town.run(
        town.wiring.exporting.start(
            REPORT_KIND, a_report(town, columns=("attributes.shade",), order_by="name")
        )
    )
    found = [row[0] if row else "" for row in content(town, job)[1:]]
    assert found == [
        "'=1+1", "'+33 6", "'-x", "'@A1", "'\tx", "'\rx", 'say "hi", all', "a\nb", '["x",1]', '{"a":"é"}', "-5", "1.5", "true", "", "",
    ]  # fmt: skip


@given(st.lists(st.lists(st.text(), min_size=2, max_size=3), min_size=1, max_size=3))
def test_what_is_written_is_read_back(rows: list[list[str]]) -> None:
    """Whatever the texts are; none begins like a formula."""
    read = list(csv.reader(io.StringIO(records(rows), newline="")))
    assert [[unguarded(each) for each in row] for row in read] == rows
    assert not any(each.startswith(("=", "+", "-", "@", "\t", "\r")) for row in read for each in row)
    assert records(rows).endswith("\r\n")


def test_numbers_stay_numbers() -> None:
    """A negative one is no formula."""
    assert [cell(each) for each in (-5, 1.5, True, None)] == ["-5", "1.5", "true", ""]


def test_a_list_is_exported_with_its_opt_outs(town: Town) -> None:
    """Those of the list and those of the address; newest first."""
    list_id = town.a_list()
    first = town.person(last_name="Aas", email_address="aas@example.com")
    second = town.person(TargetType.ACCOUNT, name="Fjord AS", email_address="fjord@example.com")
    town.wiring.memberships.add(list_id, [Membership(list_id, *ref_of(each)) for each in (first, second)])
    town.leave(list_id, "aas@example.com")
    town.wiring.addresses.mark_invalid(
        town.wiring.key_of("fjord@example.com"), "", reason="x", at=town.clock.now()
    )
    job = town.run(town.wiring.exporting.start(LIST_KIND, list_id))
    assert content(town, job) == [
        list(MEMBER_COLUMNS),
        ["Account", second.id, "Fjord AS", "fjord@example.com", "false", "false", "true"],
        ["Contact", first.id, "Aas", "aas@example.com", "true", "false", "false"],
    ]


def test_a_log_is_exported(town: Town) -> None:
    """Line by line, newest first."""
    now = town.clock.now()
    campaign = Campaign(id=town.make_id(), created_at=now, modified_at=now, name="Spring")
    town.wiring.campaign_store.add(campaign)
    leads = [
        town.wiring.people.create(LEAD, {"last_name": "B", "campaign_id": campaign.id}).target
        for _ in range(3)
    ]
    job = town.run(town.wiring.exporting.start(LOG_KIND, campaign.id))
    header, *lines = content(town, job)
    assert header == list(LOG_COLUMNS)
    assert sorted(line[5] for line in lines) == sorted(each.id for each in leads)
    assert all(isinstance(each, Lead) for each in leads)
    assert {(line[1], line[4]) for line in lines} == {("Lead Created", "Lead")}


def test_an_export_that_dies_anywhere_ends_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is written anew."""
    monkeypatch.setattr(exporting, "NOTED_EVERY", 2)

    def begin() -> tuple[Town, Job]:
        town = Town()
        town.people(5)
        return town, town.wiring.exporting.start(REPORT_KIND, a_report(town, columns=("emailAddress",)))

    def check(town: Town, job: Job) -> None:
        assert (job.status, job.done) == ("Done", 5)
        assert len(content(town, job)) == 6

    assert dying_everywhere(begin, check) > 5


@pytest.mark.parametrize("kind", [REPORT_KIND, LIST_KIND, LOG_KIND])
def test_what_was_deleted_is_not_exported(town: Town, kind: str) -> None:
    """The job says so."""
    job = town.run(town.wiring.exporting.start(kind, "0" * 17))
    assert (job.status, job.error) == ("Failed", "what was to be exported was deleted")
