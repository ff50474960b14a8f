"""``Idempotency-Key``: the same POST twice has one effect and one answer."""

import json
import random
import zlib

import pytest

from chalicelib.domain.records import Role
from chalicelib.domain.repeats import Kept
from chalicelib.routes.repeats import _without
from chalicelib.storage.idempotency import MAX_ANSWER, RUNS_AT_MOST
from tests.routes import probe as probe_app
from tests.world import Reply, World

WIDGETS = "/v1/widgets"


def post(
    world: World, body: object = None, key: str = "k", path: str = WIDGETS, role: Role = Role.ADMIN
) -> Reply:
    """POST with a key."""
    return world.http(
        "POST", path, body or {"name": "one"}, token=world.token(role), headers={"Idempotency-Key": key}
    )


def test_the_second_call_repeats_the_answer(probe: World) -> None:
    """Status, body, ETag and Location; the view ran once; the repeat says that it is one."""
    first, again = post(probe), post(probe)
    assert probe_app.runs == ["one"]
    assert (first.status, first.body) == (again.status, again.body)
    for name in ("ETag", "Location"):
        assert first.headers[name] == again.headers[name]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_without_a_key_every_call_counts(probe: World) -> None:
    """A key is asked for by nobody."""
    for _ in range(2):
        probe.api("POST", WIDGETS, {"name": "one"})
    assert probe_app.runs == ["one", "one"]


def test_another_body_is_refused(probe: World) -> None:
    """The caller made a mistake: 409, and nothing happens."""
    post(probe)
    assert post(probe, {"name": "two"}).status == 409
    assert probe_app.runs == ["one"]


def test_a_key_belongs_to_its_token_and_path(probe: World) -> None:
    """Another token, another path or another key is another call."""
    post(probe)
    assert post(probe, role=Role.EDITOR).status == 201
    assert post(probe, key="other").status == 201
    assert post(probe, path="/v1/faults/none").status == 202
    assert probe_app.runs == ["one", "one", "one", "none"]


def test_while_the_first_call_runs_a_second_is_refused(probe: World) -> None:
    """409; a first call that never ended loses the key after a minute."""
    post(probe)
    digest = next(
        item["PK"]["S"]
        for item in probe.wiring.client("dynamodb").scan(TableName=probe.wiring.table.name)["Items"]
        if item["PK"]["S"].startswith("idem#")
    ).removeprefix("idem#")
    kept = probe.wiring.repeats.begin(digest, "x")
    assert kept is not None
    probe.wiring.repeats.forget(digest)
    assert probe.wiring.repeats.begin(digest, kept.body_digest) is None
    assert post(probe).status == 409
    probe.clock.advance(RUNS_AT_MOST.total_seconds())
    assert post(probe).status == 201


@pytest.mark.parametrize("kind", ["deferred", "refused", "crash"])
def test_what_failed_may_be_tried_again(probe: World, kind: str) -> None:
    """Only success is kept."""
    for _ in range(2):
        assert post(probe, path=f"/v1/faults/{kind}").status >= 400
    assert probe_app.runs == [kind, kind]


def test_a_wrong_body_does_not_use_up_the_key(probe: World) -> None:
    """After a 400 the corrected call goes through."""
    assert post(probe, {"nmae": "typo"}).status == 400
    assert post(probe).status == 201


def test_an_answer_is_kept_for_a_day(probe: World) -> None:
    """Then the key is new again."""
    post(probe)
    probe.clock.advance(24 * 3600 - 1)
    post(probe)
    assert probe_app.runs == ["one"]
    probe.clock.advance(1)
    assert post(probe).status == 201
    assert probe_app.runs == ["one", "one"]


def test_secrets_are_not_kept(probe: World) -> None:
    """The repeat shows the rest."""
    first, again = post(probe, path="/v1/secrets"), post(probe, path="/v1/secrets")
    assert (first.body["token"], again.body["token"]) == ("hush", None)
    assert first.body["run"] == again.body["run"] == 1


def kept_text(world: World) -> str:
    """Whatever lies under the keys, unpacked."""
    items = world.wiring.client("dynamodb").scan(TableName=world.wiring.table.name)["Items"]
    answers = [item["answer"]["B"] for item in items if item["PK"]["S"].startswith("idem#")]
    assert answers
    return "".join(zlib.decompress(bytes(answer)).decode("utf-8") for answer in answers)


@pytest.mark.parametrize("kind", ["accounts", "contacts", "leads", "users"])
def test_of_a_person_nothing_but_the_place_is_kept(world: World, kind: str) -> None:
    """The repeat reads the person again; once they are erased there is nothing to repeat, and nobody is made anew."""
    body = {"name": "Kari Dahl"} if kind == "accounts" else {"lastName": "Dahl"}
    body |= {"emailAddress": "kari@example.com"}
    first, again = (post(world, body, path=f"/v1/{kind}") for _ in range(2))
    assert (first.status, first.body) == (again.status, again.body)
    assert (first.headers["Location"], first.headers["ETag"]) == (
        again.headers["Location"],
        again.headers["ETag"],
    )
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Dahl" not in kept_text(world)
    assert "kari" not in kept_text(world)
    assert world.api("POST", f"/v1/{kind}/{first.body['id']}/erase")[0] == 200
    assert post(world, body, path=f"/v1/{kind}").status == 409
    assert world.api("GET", f"/v1/{kind}")[1]["list"] == []


def test_secrets_are_left_out_at_any_depth() -> None:
    """Of a Send Test no address is kept."""
    body = json.dumps({"results": [{"id": "a", "emailAddress": "kari@example.com"}], "emailAddress": 1})
    told = _without(body, ["emailAddress"])
    assert json.loads(told) == {"results": [{"id": "a", "emailAddress": None}], "emailAddress": None}


@pytest.mark.parametrize("key", ["", "é", "a b", "x" * 256, "a\tb"])
def test_a_key_is_a_line_of_visible_ascii(probe: World, key: str) -> None:
    """400, naming the header."""
    reply = post(probe, key=key)
    assert (reply.status, reply.body["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_the_key_means_nothing_to_other_methods(probe: World) -> None:
    """They are idempotent as they are."""
    for _ in range(2):
        reply = probe.http("GET", f"{WIDGETS}/{probe_app.WIDGET_ID}", headers={"Idempotency-Key": "k"})
        assert (reply.status, "Idempotent-Replayed" in reply.headers) == (200, False)


def test_an_answer_too_large_to_keep_still_has_one_effect(probe: World) -> None:
    """The repeat has its status and no body; an item of DynamoDB has at most 400 kB."""
    text = random.Random(1).randbytes(MAX_ANSWER * 2).hex()  # noqa: S311 - it only must not compress
    assert probe.wiring.repeats.begin("d", "b") is None
    probe.wiring.repeats.keep("d", Kept("b", 201, text, {"ETag": '"1"'}))
    assert probe.wiring.repeats.begin("d", "b") == Kept("b", 201, "", {"ETag": '"1"'})
