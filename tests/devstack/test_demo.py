"""The people of ``make demo``: what their files hold, and that they reach their lists each way that Envoi has."""

import csv
import io
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from devstack.cloud import LocalCloud
from devstack.demo import audience, report, world
from devstack.demo.__main__ import _add_up
from devstack.demo.api import Api, Refused
from devstack.demo.people import CUSTOMERS, FEWEST, LEAD, NEWSLETTER, REFUSED, SIMULATOR, File, made_files
from devstack.demo.readers import Deeds
from tests.rendering.making import URL_ID, message, reader, source

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


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        ({"name": "ACME & Sons"}, "Here is what the season brings to ACME & Sons and to you."),
        (None, "Here is what the season brings to you."),
    ],
)
def test_the_newsletter_reads_well_with_a_company_and_without(
    account: dict[str, str] | None, sentence: str
) -> None:
    """Leads have none: no hole is left in the sentence where its name would stand."""
    body = world.newsletter().replace("@SHOP@", URL_ID).replace("@TASTING@", URL_ID)
    assert sentence in message(source(body=body), reader(account=account)).text


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


REASONS = {
    "missing address": "is missing",
    "line twice": "stands in line 3",
    "broken address": "has a domain",
}
LEFT_OUT = {
    "excluded": "excludedTarget",
    "same address": "duplicateAddress",
    "two lists": "duplicateTarget",
    "left a list": "optedOutOfList",
    "opted out": "optedOut",
}


def run_of_people() -> tuple[world.Made, report.Outcome, Deeds, list[str]]:
    """What a run in which all went well tells."""
    made = audience.Audience()
    for file in made_files(60, SEED):
        refused = {file.line_of(row): REASONS[row.role] for row in file.rows if row.is_refused}
        made.imported.append(audience.Imported(file, len(file.rows) - len(refused), refused))
    for name in (CUSTOMERS, NEWSLETTER):
        made.entries[name] = sum(name in row.lists for row in made.stored)
    skipped = [{"reason": LEFT_OUT[row.role]} for row in made.stored if row.role in LEFT_OUT]
    sent = sum(len(row.lists) for row in made.stored) - len(skipped)
    simulated = [f"{name}+1@{SIMULATOR}" for name in ("bounce", "suppressionlist", "complaint")]
    inbox = [*simulated, *(f"reader{number}@example.org" for number in range(sent - 3))]
    deeds = Deeds(opened=set(inbox[5:9]), clicked=set(inbox[5:7]), opted_out={inbox[6]})
    stats = {"sent": sent, "delivered": sent - 2, "opened": 4, "clicked": 2, "optedOut": 1, "bounced": 2}
    stats |= {"hardBounced": 2, "complained": 1}
    counted = {f"{name}Count": number for name, number in stats.items()}
    counts = {"Sent": sent, "Skipped": len(skipped), "Pending": 0, "Sending": 0, "Unknown": 0}
    log = {action: counted[name] for action, name in report.LOGGED.items()}
    outcome = report.Outcome({"name": "Spring", "counts": counts}, counted, skipped, log)
    return world.Made(made), outcome, deeds, inbox


def wrong_in(made: world.Made, outcome: report.Outcome, deeds: Deeds, inbox: list[str]) -> list[str]:
    return [each.what for each in report.sums(made, outcome, deeds, inbox) if not each.holds]


def test_every_number_that_is_off_is_told() -> None:
    """Each of statistics, log, counts, reasons and refusals, by one; and somebody who was mailed twice."""
    made, outcome, deeds, inbox = run_of_people()
    assert wrong_in(made, outcome, deeds, inbox) == []
    for name, number in outcome.stats.items():
        off = replace(outcome, stats={**outcome.stats, name: number + 1})
        assert wrong_in(made, off, deeds, inbox), name
    for action, number in outcome.log.items():
        off = replace(outcome, log={**outcome.log, action: number - 1})
        assert wrong_in(made, off, deeds, inbox) == [f"log: {action}"]
    for status, number in outcome.mass_email["counts"].items():
        counts = {**outcome.mass_email["counts"], status: number + 1}
        assert wrong_in(made, replace(outcome, mass_email={"counts": counts}), deeds, inbox), status
    for reason in LEFT_OUT.values():
        skipped = [*outcome.skipped, {"reason": reason}]
        assert wrong_in(made, replace(outcome, skipped=skipped), deeds, inbox), reason
    assert "nobody twice" in wrong_in(made, outcome, deeds, [*inbox[:-1], inbox[-2].upper()])
    made.audience.entries[CUSTOMERS] += 1
    assert wrong_in(made, outcome, deeds, inbox) == ["on the list from a search"]


def test_one_sum_that_is_off_fails_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """What it expected and found stands in the end; ``main`` answers 1 for it."""
    right, wrong = report.Sum("opened", 4, 4), report.Sum("clicked", 2, 3)
    assert _add_up([right])
    assert not _add_up([right, wrong])
    assert "WRONG  clicked: expected 2, found 3" in capsys.readouterr().out
