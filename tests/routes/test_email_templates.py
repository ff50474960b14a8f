"""Email templates over HTTP."""

import pytest

from tests.routes.resources import Api, faulty
from tests.world import World

CSS = "<style>@media screen{#main{color:red}} a{b:c}</style>"
BODY = f"{CSS}\r\n<p>{{Person.firstName}} {{{{ Contact.account.name }}}} é\u2028</p>  \n"


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def test_is_answered_as_written(api: Api) -> None:
    """Single braces of CSS, ``{#``, carriage returns and blanks at the end: not a character is changed."""
    made = api.template(body=BODY, bodyPlain=BODY, subject=" {Person.firstName}: Æ ")
    assert (made["body"], made["bodyPlain"], made["subject"]) == (BODY, BODY, " {Person.firstName}: Æ ")
    assert api.get(f"/v1/email-templates/{made['id']}") == made
    assert {name: made[name] for name in set(made) - {"id", "createdAt", "modifiedAt"}} == {
        "name": "News",
        "subject": " {Person.firstName}: Æ ",
        "body": BODY,
        "bodyPlain": BODY,
        "isHtml": True,
        "status": "Active",
        "etag": "1",
    }


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("body", "<p>\n\n{% if %}</p>", "line 3"),
        ("body", "{{ ''.__class__.__mro__ }}", ""),
        ("body", "\n{{ Contact.shoeSize }}", "line 2"),
        ("bodyPlain", "{% for %}", "line 1"),
        ("subject", "{optOutUrl}", ""),
        ("subject", "a\r\nBcc: b@example.com", ""),
        ("body", "x" * (256 * 1024 + 1), ""),
        ("body", "\x00", ""),
    ],
)
def test_what_is_wrong_is_named(api: Api, field: str, text: str, says: str) -> None:
    """On create and on update: the field, the line where there is one; nothing is stored."""
    problem = api.post("/v1/email-templates", {"name": "x", field: text}, 400)
    assert set(faulty(problem)) == {field}
    assert says in problem["errors"][0]["message"]
    assert api.get("/v1/email-templates")["list"] == []
    made = api.template()
    path = f"/v1/email-templates/{made['id']}"
    assert set(faulty(api.patch(path, {field: text}, 400))) == {field}
    assert api.get(path) == made


def test_a_large_body_is_kept(api: Api) -> None:
    """256 KiB of it, with characters of two bytes."""
    body = "é" * (128 * 1024)
    made = api.template(body=body, bodyPlain="é" * (40 * 1024))
    assert api.get(f"/v1/email-templates/{made['id']}")["body"] == body


def test_filters_edits_and_deletes(api: Api) -> None:
    """By status; gone is gone."""
    kept, old = api.template(), api.template()
    path = f"/v1/email-templates/{old['id']}"
    assert api.patch(path, {"status": "Inactive", "bodyPlain": None, "isHtml": False})["isHtml"] is False
    listed = api.get("/v1/email-templates?status=Active")["list"]
    assert [each["id"] for each in listed] == [kept["id"]]
    api.delete(path)
    api.get(path, 404)
    assert [each["id"] for each in api.get("/v1/email-templates")["list"]] == [kept["id"]]
