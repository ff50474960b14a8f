"""The people of ``make demo``: what their files hold, and that they reach their lists each way that Envoi has."""

import csv
import io
from collections import Counter
from contextlib import closing

import pytest

from devstack.cloud import LocalCloud
from devstack.demo import audience, report, world
from devstack.demo.api import Api, Refused
from devstack.demo.people import FEWEST, LEAD, REFUSED, File, made_files

SEED = 7


def cells(file: File) -> list[dict[str, str]]:
    text = file.content.decode("utf-8-sig" if file.delimiter == "," else "utf-16")
    return list(csv.DictReader(io.StringIO(text), delimiter=file.delimiter))


@pytest.mark.parametrize("count", [FEWEST, 300, 2000])
def test_every_kind_of_line_is_there(count: int) -> None:
    """As many lines as asked for, one at least of what each is there to show."""
    rows = [row for file in made_files(count, SEED) for row in file.rows]
    roles = Counter(row.role for row in rows)
    assert len(rows) == count
    assert set(roles) >= {*REFUSED, "same address", "two lists", "opted out", "left a list", "excluded"}
    assert set(roles) >= {"plus address", "hard bounce", "suppressed", "complaint", "away", "reader"}
    assert made_files(count, SEED) == made_files(count, SEED)


@pytest.mark.parametrize("count", [FEWEST, 2000])
def test_only_who_is_meant_to_repeats_an_address(count: int) -> None:
    """A line that is there twice repeats one of its own file, the same address of another case one of the other file."""
    customers, fair = made_files(count, SEED)
    first = Counter(row.email.casefold() for row in customers.rows if not row.is_refused)
    assert max(first.values()) == 1
    for row in (*customers.rows, *fair.rows):
        if row.role in ("line twice", "same address"):
            assert first[row.email.casefold()] == 1
            assert row.email != row.email.casefold()
    assert max(Counter(row.email.casefold() for row in fair.rows).values()) == 1


def test_the_files_are_what_companies_export() -> None:
    """One with a BOM and commas, one in UTF-16 with tabs and French headers; both with accents."""
    customers, fair = made_files(300, SEED)
    assert customers.content.startswith(b"\xef\xbb\xbf")
    assert fair.content[:2] in (b"\xff\xfe", b"\xfe\xff")
    assert {row["E-mail"] for row in cells(fair)} == {row.email for row in fair.rows}
    assert {row["Email"] for row in cells(customers)} == {row.email for row in customers.rows}
    assert any(not row["First Name"].isascii() for row in cells(customers))
    assert all(row.kind == LEAD for row in fair.rows)


def test_everybody_comes_in() -> None:
    """By import, search, report and by hand in the local cloud, and all of it adds up."""
    with (
        LocalCloud(running=False) as cloud,
        closing(Api(cloud.api_url, cloud.admin_token)) as api,
        closing(Api(cloud.ses_url)) as inbox,
    ):
        world.settle_in(api)
        files = made_files(60, SEED)
        made = audience.bring_in(api, inbox, files)
        with pytest.raises(Refused, match="404"):
            api.text(f"/v1/imports/{'0' * 17}/refused")
        reports = api.pages("/v1/reports")
    sums = list(report.of_audience(made))
    assert [each for each in sums if not each.holds] == []
    assert len(sums) == 6
    rows = [row for file in files for row in file.rows]
    assert {role: made.refused(role) for role in REFUSED} == Counter(
        row.role for row in rows if row.is_refused
    )
    assert made.entries["Competitors"] == sum(row.role == "excluded" for row in rows)
    assert [each["name"] for each in reports] == ["Wants the newsletter"]
    assert len(list(report.came(made))) == 4
