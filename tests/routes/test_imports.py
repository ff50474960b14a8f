"""Imports over HTTP: asked for, uploaded, worked off by the jobs queue, and what they refused."""

import csv
import io
from typing import Any

import pytest

from tests.routes.resources import Api
from tests.world import World

PEOPLE = "First Name;Last Name;E-mail;Ville;Opted out\r\nZoé;Müller;Zoe@Example.com;Lyon;\r\nJo;;jo@example.com;;yes\r\n"


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def imported(api: Api, content: bytes | str, **order: object) -> Any:
    """Import this file; the import as it is then."""
    body = {"entityType": "Contact", "mode": "create and update", **order}
    made = api.post("/v1/imports", body, 202)
    assert made["upload"]["method"] == "PUT"
    raw = content.encode() if isinstance(content, str) else content
    api.world.wiring.files.put(f"imports/{made['id']}/upload.csv", raw, "text/csv")
    api.world.queued("work", {"kind": "job", "jobId": made["jobId"]})
    return api.get(f"/v1/imports/{made['id']}")


def refused(api: Api, made: Any) -> list[dict[str, str]]:
    """What it refused, by column."""
    reply = api.world.http("GET", f"/v1/imports/{made['id']}/refused")
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = reply.body.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=made["delimiter"] or ","))


def counts(made: Any) -> dict[str, int]:
    return {name: made[name] for name in ("created", "updated", "unchanged", "refused")}


def contact(api: Api, address: str) -> Any:
    [found] = api.get(f"/v1/contacts?emailAddress={address}")["list"]
    return found


def test_a_file_becomes_people_on_lists(api: Api) -> None:
    """Rows become people with their fields and attributes, on the lists to join; what opted out elsewhere is opted out here."""
    target_list = api.target_list()["id"]
    made = imported(api, PEOPLE, targetListIds=[target_list])
    assert (made["status"], made["done"], made["total"]) == ("Done", 2, 2)
    assert counts(made) == {"created": 2, "updated": 0, "unchanged": 0, "refused": 0}
    assert (made["encoding"], made["delimiter"]) == ("UTF-8", ";")
    assert made["mapping"]["Ville"] == "attributes.ville"
    zoe = contact(api, "zoe@example.com")
    assert (zoe["firstName"], zoe["lastName"], zoe["emailAddress"]) == ("Zoé", "Müller", "Zoe@Example.com")
    assert zoe["attributes"] == {"ville": "Lyon"}
    assert contact(api, "jo@example.com")["emailAddressIsOptedOut"] is True
    assert api.get(f"/v1/target-lists/{target_list}")["entryCount"] == 2
    assert api.get(f"/v1/jobs/{made['id']}")["status"] == "Done"
    assert api.world.wiring.files.size(f"imports/{made['id']}/upload.csv") is None


def test_the_same_file_twice_changes_nothing_the_second_time(api: Api) -> None:
    """No person, membership or flag is another after the second import."""
    target_list = api.target_list()["id"]
    imported(api, PEOPLE, targetListIds=[target_list])
    before = api.get("/v1/contacts")["list"], api.get(f"/v1/target-lists/{target_list}/members")["list"]
    api.world.clock.sleep(60)
    again = imported(api, PEOPLE, targetListIds=[target_list])
    assert counts(again) == {"created": 0, "updated": 0, "unchanged": 2, "refused": 0}
    after = api.get("/v1/contacts")["list"], api.get(f"/v1/target-lists/{target_list}/members")["list"]
    assert after == before


def test_a_header_that_is_there_twice_means_its_first_column(api: Api) -> None:
    """The second is an attribute of its own."""
    made = imported(api, "Email,Email,Tag,Tag\na@example.com,b@example.com,x,y\n")
    assert made["mapping"] == {"Email": "emailAddress", "Tag": "attributes.tag"}
    assert contact(api, "a@example.com")["attributes"] == {"email": "b@example.com", "tag": "x", "tag2": "y"}


def test_each_refused_row_is_told_with_its_line_and_reason(api: Api) -> None:
    """The good rows are in; the others come back with their columns, to be mended and imported again."""
    content = (
        "Email,First Name,Note\r\n"
        'a@example.com,Ann,"two\r\nlines"\r\n'
        "not an address,Bob,\r\n"
        ",Cy,\r\n"
        "A@EXAMPLE.com,Dan,=1+1\r\n"
        "e@example.com,Eve,x,y\r\n"
        "f@example.com,Fay,\r\n"
    )
    made = imported(api, content)
    assert counts(made) == {"created": 2, "updated": 0, "unchanged": 0, "refused": 4}
    rows = refused(api, made)
    assert [(row["Envoi line"], row["Envoi reason"]) for row in rows] == [
        ("4", "Email: is not an email address"),
        ("5", "Email: is missing"),
        ("6", "Email: stands in line 2 already"),
        ("7", "has 4 cells, the header has 3"),
    ]
    assert rows[2]["Note"] == "'=1+1"
    assert contact(api, "a@example.com")["attributes"] == {"note": "two\r\nlines"}


@pytest.mark.parametrize(
    ("mode", "expected", "reason"),
    [
        (
            "create",
            {"created": 1, "updated": 0, "unchanged": 0, "refused": 1},
            "somebody with this address is there already",
        ),
        (
            "update",
            {"created": 0, "updated": 1, "unchanged": 0, "refused": 1},
            "nobody with this address is there",
        ),
        ("create and update", {"created": 1, "updated": 1, "unchanged": 0, "refused": 0}, None),
    ],
)
def test_modes_say_what_becomes_of_known_and_unknown_addresses(
    api: Api, mode: str, expected: dict[str, int], reason: str | None
) -> None:
    """Matched by address whatever its case; empty cells leave what is there, attributes are merged."""
    known = {
        "firstName": "Ann",
        "lastName": "Lee",
        "emailAddress": "ann@example.com",
        "attributes": {"a": "1", "b": "2"},
    }
    api.post("/v1/contacts", known)
    made = imported(
        api, "Email,First Name,Last Name,b\nANN@example.com,Anna,,3\nbob@example.com,Bob,,\n", mode=mode
    )
    assert counts(made) == expected
    assert [row["Envoi reason"] for row in refused(api, made)] == ([reason] if reason else [])
    ann = contact(api, "ann@example.com")
    updated = mode != "create"
    assert (ann["firstName"], ann["lastName"]) == ("Anna" if updated else "Ann", "Lee")
    assert ann["emailAddress"] == "ann@example.com"
    assert ann["attributes"] == {"a": "1", "b": "3" if updated else "2"}


def exported(api: Api, path: str) -> bytes:
    """The file of an export."""
    job_id = api.post(path, {}, 202)["id"]
    api.world.queued("work", {"kind": "job", "jobId": job_id})
    stream = api.world.wiring.files.open(f"exports/{job_id}/export.csv")
    return b"".join(iter(lambda: stream.read(65536), b""))


def test_an_export_that_is_imported_again_changes_nothing(api: Api) -> None:
    """Numbers, truths and lists stay what they are, formulas become none, and a list's opt-outs stay the list's."""
    kept = {
        "n": 25,
        "vip": False,
        "tags": ["a", 1.5],
        "note": "=1+1",
        "padded": " x ",
        "odd": "'\t=2 ",
        "zip": "0012",
    }
    ann, bob = (
        api.post(
            "/v1/contacts", {"emailAddress": f"{name}@example.com", "firstName": name, "attributes": kept}
        )
        for name in ("+ann", "bob")
    )
    target_list = api.target_list()["id"]
    api.post(
        f"/v1/target-lists/{target_list}/members", {"type": "Contact", "ids": [ann["id"], bob["id"]]}, 201
    )
    api.post(f"/v1/target-lists/{target_list}/opt-out", {"type": "Contact", "id": ann["id"]}, 200)
    api.post("/v1/contacts", {"emailAddress": "c@example.com", "firstName": "Ana", "lastName": "de la Cruz"})
    api.post("/v1/contacts", {"emailAddress": "d@example.com", "lastName": "Østby"})
    columns = [
        "id",
        "emailAddress",
        "name",
        "emailAddressIsOptedOut",
        *(f"attributes.{name}" for name in kept),
    ]
    report = {"name": "All", "entityType": "Contact", "where": [], "columns": columns}
    report_id = api.post("/v1/reports", report)["id"]
    before = api.get("/v1/contacts")["list"]
    made = imported(api, exported(api, f"/v1/reports/{report_id}/export"), targetListIds=[target_list])
    assert counts(made) == {"created": 0, "updated": 0, "unchanged": 4, "refused": 0}
    assert api.get("/v1/contacts")["list"] == before
    imported(api, exported(api, f"/v1/target-lists/{target_list}/export"))
    assert contact(api, "%2Bann@example.com")["emailAddressIsOptedOut"] is False


def test_a_cell_that_says_something_else_replaces_what_is_no_text(api: Api) -> None:
    """And an object of attributes means what it says."""
    api.post("/v1/contacts", {"emailAddress": "a@example.com", "attributes": {"n": 25, "m": 7}})
    imported(api, "Email,n,m\na@example.com,26,7\n")
    assert contact(api, "a@example.com")["attributes"] == {"n": "26", "m": 7}
    imported(api, 'Email,attributes\na@example.com,"{""m"":""7""}"\n')
    assert contact(api, "a@example.com")["attributes"] == {"n": "26", "m": "7"}
