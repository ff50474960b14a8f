"""Exports: the file is what a spreadsheet reads back, no cell is a formula, and it is whole or not at all."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.csv_cells import unguarded
from chalicelib.domain.people import ref_of
from chalicelib.domain.ports import Membership
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Campaign, Lead, TargetType
from chalicelib.flows import export_sources, exporting, reports
from chalicelib.flows.export_progress import Progress
from chalicelib.flows.export_sources import (
    LIST_KIND,
    LOG_COLUMNS,
    LOG_KIND,
    MEMBER_COLUMNS,
    REPORT_KIND,
)
from chalicelib.flows.exporting import cell, records
from tests.fakes import services
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
        {"a": "x;=1;"},
        "x;=1;",
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
        "'=1+1", "'+33 6", "'-x", "'@A1", "'\tx", "'\rx", 'say "hi", all', "a\nb", '["x",1]', '{"a":"é"}', '{"a":"x;\'=1;"}', "x;'=1;", "-5", "1.5", "true", "", "",
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


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages and parts, so that a few rows take many."""
    monkeypatch.setattr(exporting, "NOTED_EVERY", 2)
    monkeypatch.setattr(exporting, "PART", 60)
    monkeypatch.setattr(services, "SMALLEST_PART", 1)
    monkeypatch.setattr(reports, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(export_sources, "AT_ONCE", 2)
    monkeypatch.setattr(export_sources, "LINES_AT_ONCE", 2)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seconds", [0, 240])
def test_an_export_that_dies_anywhere_ends_the_same(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Whatever parts are there already, and whether a call has time for all of it or for a page."""
    monkeypatch.setattr(exporting, "SLICE", timedelta(seconds=seconds))
    town = Town()
    town.people(9)
    whole = content(town, town.run(town.wiring.exporting.start(REPORT_KIND, a_report(town, columns=COLUMNS))))

    def begin() -> tuple[Town, Job]:
        town = Town()
        town.people(9)
        return town, town.wiring.exporting.start(REPORT_KIND, a_report(town, columns=COLUMNS))

    def check(town: Town, job: Job) -> None:
        job = town.run(job)  # the calls that follow the first
        assert (job.status, job.done) == ("Done", 9)
        assert content(town, job) == whole

    assert dying_everywhere(begin, check) > (5 if seconds == 0 else 12)


COLUMNS = ("emailAddress", "lastName")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", [REPORT_KIND, LIST_KIND, LOG_KIND])
def test_a_long_export_goes_on_where_it_was(town: Town, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Call after call, no row twice or missing; nothing but the file is left in the bucket."""
    monkeypatch.setattr(exporting, "SLICE", timedelta(0))
    subject_id = subject(town, kind)
    job = town.wiring.exporting.start(kind, subject_id)
    done, calls = [0], 0
    while town.wiring.jobs.get(job.id).status != "Done":
        town.wiring.work.handle({"kind": "job", "jobId": job.id})
        done.append(town.wiring.jobs.get(job.id).done)
        calls += 1
    assert calls >= 4
    assert done == sorted(done)
    rows = content(town, town.wiring.jobs.get(job.id))[1:]
    assert len({tuple(row) for row in rows}) == len(rows) == 9
    assert list(town.cloud.s3.objects(town.environ["ENVOI_BUCKET"])) == [exporting.key_of(job.id)]


def subject(town: Town, kind: str) -> str:
    """Something with nine rows to export."""
    if kind == LOG_KIND:
        now = town.clock.now()
        campaign = Campaign(id=town.make_id(), created_at=now, modified_at=now, name="Spring")
        town.wiring.campaign_store.add(campaign)
        for _ in range(9):
            town.clock.advance(1)
            town.wiring.people.create(LEAD, {"last_name": "B", "campaign_id": campaign.id})
        return campaign.id
    people = town.people(9)
    if kind == REPORT_KIND:
        return a_report(town, columns=COLUMNS, order_by="name")
    list_id = town.a_list()
    town.wiring.memberships.add(list_id, [Membership(list_id, *ref_of(each)) for each in people])
    return list_id


@pytest.mark.usefixtures("small")
def test_an_edited_report_is_exported_anew(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file never holds rows of two versions."""
    monkeypatch.setattr(exporting, "SLICE", timedelta(0))
    report_id = subject(town, REPORT_KIND)
    job = town.wiring.exporting.start(REPORT_KIND, report_id)
    for _ in range(3):
        town.wiring.work.handle({"kind": "job", "jobId": job.id})
    assert town.wiring.jobs.get(job.id).done > 0
    town.wiring.reports.edit(report_id, {"columns": ("lastName",)})
    rows = content(town, town.run(job))
    assert rows == [["lastName"], *[["Reader"]] * 9]


@pytest.mark.usefixtures("small")
def test_of_two_workers_with_one_export_one_goes_on(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other finds that it was overtaken, or that its upload is gone; the file is whole all the same."""
    monkeypatch.setattr(exporting, "SLICE", timedelta(0))
    job = town.wiring.exporting.start(REPORT_KIND, subject(town, REPORT_KIND))
    town.wiring.work.handle({"kind": "job", "jobId": job.id})
    stale = town.wiring.jobs.get(job.id)
    town.wiring.work.handle({"kind": "job", "jobId": job.id})
    with pytest.raises(Overtaken):
        town.wiring.exporting.run(stale)
    monkeypatch.setattr(exporting, "SLICE", timedelta(hours=1))
    stale = town.wiring.jobs.get(job.id)
    assert town.run(job).status == "Done"
    with pytest.raises(Overtaken):
        town.wiring.exporting.run(stale)
    assert len(content(town, town.wiring.jobs.get(job.id))) == 10


@pytest.mark.usefixtures("small")
def test_what_the_bucket_lost_is_written_anew(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that was given up, and what was put aside."""
    monkeypatch.setattr(exporting, "SLICE", timedelta(0))
    job = town.wiring.exporting.start(REPORT_KIND, subject(town, REPORT_KIND))
    while "-" not in (town.wiring.jobs.get(job.id).cursor or ""):  # until an upload is begun
        town.wiring.work.handle({"kind": "job", "jobId": job.id})
    town.cloud.s3.abandon_uploads()
    while town.wiring.jobs.get(job.id).cursor is not None:
        town.wiring.work.handle({"kind": "job", "jobId": job.id})
    while not (rest := Progress.of(town.wiring.jobs.get(job.id).cursor).rest):
        town.wiring.work.handle({"kind": "job", "jobId": job.id})
    town.wiring.files.delete(rest)
    assert len(content(town, town.run(job))) == 10


@pytest.mark.parametrize("kind", [REPORT_KIND, LIST_KIND, LOG_KIND])
def test_what_was_deleted_is_not_exported(town: Town, kind: str) -> None:
    """The job says so."""
    job = town.run(town.wiring.exporting.start(kind, "0" * 17))
    assert (job.status, job.error) == ("Failed", "what was to be exported was deleted")
