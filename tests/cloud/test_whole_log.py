"""What a whole run writes to the log, failures and bad input among it: JSON, and never an address or a token."""

import contextlib
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.domain.queue import ChunkMessage
from chalicelib.domain.records import Role
from chalicelib.doors import FunctionFailed
from devstack import lambda_events
from tests.cloud.test_refused_events import poll
from tests.docs.posting import Post, open_post
from tests.routes.test_public import Broken
from tests.world import NO_TOKEN, World

NAMES = ("success", "bounce", "complaint")
ADDRESSES = (
    *(f"{name}+zoe@simulator.amazonses.com" for name in NAMES),
    "anna.karenina@example.com",
    "no-such@example.org",
)
SECRET = "sekret-word"
TOKEN_IN_LINK = re.compile(r"/(?:t/o|t/c|u|p)/([A-Za-z0-9_-]{20,})")
BAD_TOKENS = ("A" * 31, f"envoi_55f2c87b09a220a78_{'B' * 43}")


Line = tuple[str, str]
"""The logger's name and what it wrote."""


class Everything(logging.Handler):
    """All that any logger says, as it would stand in CloudWatch."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))
        self.lines: list[Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, with the traceback if there is one."""
        self.lines.append((record.name, self.format(record)))


@pytest.fixture
def written() -> Iterator[list[Line]]:
    """What is logged from now on: by us, by Chalice, by botocore, at the level that Lambda has."""
    handler = Everything()
    loggers = [logging.getLogger(name) for name in ("", "envoi")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield handler.lines
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.fixture
def post(world: World) -> Iterator[Post]:
    """A stage that posts mail."""
    with open_post(world) as post:
        yield post


def test_a_whole_run_writes_no_address_and_no_token(post: Post, written: list[Line]) -> None:
    """Sending, events, readers, bad input, outages, the guard: nothing that says who anybody is, or opens anything."""
    tokens = [post.world.token(role) for role in Role]
    post.set(massEmailOpenTracking=True, guardMinDelivered=1)
    list_id = post.target_list(*ADDRESSES)
    mass_email = post.mass_email(targetListIds=[list_id], storeSentEmails=True)
    post.hour()
    post.hour(10)  # by now SES has told what became of them
    links = [link for message in post.inbox() for link in TOKEN_IN_LINK.findall(json.dumps(message))]
    assert len(set(links)) > len(ADDRESSES)
    _read(post, links)
    _work(post, list_id)
    _refuse(post, mass_email)
    _fail(post, list_id, links)
    _fail_everywhere(post.world, mass_email, written)
    post.hour(10)
    _call_all(post.world)
    _check(written, [*ADDRESSES, *tokens, *links, *BAD_TOKENS, SECRET, "zoe", "karenina"])
    said = {json.loads(text).get("event") for name, text in written if name == "envoi"}
    assert {"operatorsTold", "touchDeferred", "eventRefused", "functionFailed", "viewFailed"} <= said


def _read(post: Post, links: list[str]) -> None:
    """Readers open, click, leave, choose and come back; scanners try what is none."""
    for token in [*links[:: len(NAMES)], *BAD_TOKENS]:
        for method, path in (
            ("GET", f"/t/o/{token}"),
            ("GET", f"/t/c/{token}"),
            ("HEAD", f"/t/c/{token}"),
            ("GET", f"/u/{token}"),
            ("GET", f"/p/{token}"),
        ):
            post.world.http(method, f"{path}?email={quote(ADDRESSES[0])}", token=NO_TOKEN)
    for token in links[:4]:
        for path in (f"/u/{token}", f"/u/{token}/undo", f"/p/{token}"):
            post.world.http("POST", path, f"all=off&email={ADDRESSES[0]}".encode(), token=NO_TOKEN)


def _work(post: Post, list_id: str) -> None:
    """Jobs: an import with rows that are wrong, an export, a list that follows a report."""
    api, world = post.api, post.world
    made = api.post(
        "/v1/imports", {"entityType": "Contact", "mode": "create and update", "targetListIds": [list_id]}, 202
    )
    rows = "\r\n".join(
        ["E-mail,Last Name", f"{ADDRESSES[0]},{SECRET}", f"{SECRET} {ADDRESSES[1]},x", f"{SECRET}@,{SECRET}"]
    )
    world.wiring.files.put(f"imports/{made['id']}/upload.csv", rows.encode(), "text/csv")
    world.queued("work", {"kind": "job", "jobId": made["jobId"]})
    assert api.get(f"/v1/imports/{made['id']}")["refused"] == 2
    report = {
        "name": SECRET,
        "entityType": "Contact",
        "where": [{"type": "equals", "attribute": "lastName", "value": SECRET}],
    }
    report_id = api.post("/v1/reports", report)["id"]
    api.target_list(reportIds=[report_id], syncEnabled=True)
    api.post(f"/v1/reports/{report_id}/export", {}, 202)
    world.tick("sync_lists")
    post.settle()


def _refuse(post: Post, mass_email: str) -> None:
    """Callers send what is wrong, with addresses and secrets in every place."""
    address = ADDRESSES[0]
    for method, path, body in (
        ("POST", "/v1/contacts", {"emailAddress": f"{address} {SECRET}", address: SECRET}),
        ("POST", "/v1/contacts", f'{{"emailAddress": "{address}"'.encode()),
        ("GET", f"/v1/email-addresses?address={quote(address)}&{quote(SECRET)}=1", None),
        ("GET", f"/v1/contacts?emailAddress={quote(address)}&cursor={SECRET}", None),
        ("GET", f"/v1/contacts/{quote(address)}", None),
        ("GET", f"/v1/{quote(address)}", None),
        ("PATCH", "/v1/settings", {"outboundEmailFromAddress": f"{address}\n{SECRET}"}),
        ("POST", f"/v1/mass-emails/{mass_email}/send-test", {"targets": [{"emailAddress": address}]}),
        ("POST", "/v1/email-templates", {"name": SECRET, "subject": "{{ x", "body": address}),
    ):
        for token in (None, *BAD_TOKENS):
            post.world.http(method, path, body, token=token, headers={"Content-Type": "application/json"})


def _fail(post: Post, list_id: str, links: list[str]) -> None:
    """SES names addresses in its refusals, messages are garbage, table and queues break."""
    world = post.world
    post.api.patch("/v1/settings", {"guardBounceRate": None, "guardComplaintRate": None})
    post.api.post("/v1/quota/resume", None, 200)
    for faults in (
        {"sandbox": True},
        {"mixed_status": 1.0},
        {"account_suspended": True},
        {"error_before_accept": 1.0},
    ):
        with post.trouble(**faults):
            mass_email = post.mass_email(targetListIds=[list_id])
            post.hour()
    for function in ("deliver", "work"):
        _caught(lambda name=function: world.queued(name, {"kind": "job", "to": ADDRESSES[0], "v": SECRET}))
    world.published({"eventType": "Bounce", "mail": {"destination": list(ADDRESSES), "messageId": SECRET}})
    world.published(f"{ADDRESSES[0]} {SECRET}")
    settings, table, outbox = world.wiring.settings_store, world.wiring.table, world.wiring.outbox
    settings.get()
    kept = table._client, outbox._client
    table._client = outbox._client = _Telling()
    for token in links[:4]:
        for path in (f"/t/o/{token}", f"/t/c/{token}", f"/u/{token}", f"/p/{token}"):
            world.http("GET", path, token=NO_TOKEN)
            world.http("POST", path, token=NO_TOKEN)
    world.http("GET", f"/v1/mass-emails/{mass_email}")
    event = lambda_events.scheduled("sweep", world.clock.now())
    _caught(lambda: world.door.lambda_.invoke("sweep", event))
    table._client, outbox._client = kept


def _fail_everywhere(world: World, mass_email: str, written: list[Line]) -> None:
    """Every function there is, with the table gone: each says so in a line of its own."""
    chunk = ChunkMessage(mass_email, None, 0, "0.50").to_json()
    bounce = {"eventType": "Bounce", "mail": {"destination": list(ADDRESSES), "messageId": SECRET}}
    now, topic = world.clock.now(), world.wiring.environment.feedback_topic_arn
    events = {
        **{name: lambda_events.scheduled(name, now) for name in ("release", "sweep", "sync_lists")},
        "deliver": world.door.events.generate_sqs_event([json.dumps(chunk)]),
        "work": world.door.events.generate_sqs_event(['{"kind": "job", "jobId": "55f2c87b09a220a78"}']),
        "feedback": lambda_events.published(json.dumps(bounce), topic, now),
    }
    assert events.keys() == {name for name in world.door._app.handler_map if "." not in name}
    table = world.wiring.table
    kept, table._client = table._client, _Telling()
    for name, event in events.items():
        before = len(written)
        with contextlib.suppress(FunctionFailed):
            world.door.lambda_.invoke(name, event)
        assert len(written) > before, name
    table._client = kept


def _call_all(world: World) -> None:
    for function in ("release", "sweep", "sync_lists"):
        world.tick(function)


class _Telling(Broken):
    """A client whose every method fails, with a sentence that quotes what it was sent."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: object) -> object:
            raise ConnectionError(f"{name}: {request} {ADDRESSES} {SECRET}")

        return call


def _caught(call: Callable[[], object]) -> None:
    """A function that fails, as Lambda sees it: its exception's sentence goes to the log too."""
    with pytest.raises((FunctionFailed, ValueError)) as raised:
        call()
    logging.getLogger("lambda").error(str(raised.value))


def _check(written: list[Line], secrets: list[str]) -> None:
    """Line by line; Lambda makes JSON of others' lines."""
    assert len(written) > 30
    for name, text in written:
        assert name != "envoi" or {"level", "correlation"} <= json.loads(text).keys(), text
        assert "@" not in text, text
        assert not [secret for secret in secrets if secret in text], text


def test_one_id_leads_from_a_call_through_the_queues(post: Post, lines: list[dict[str, Any]]) -> None:
    """An administrator releases: what deliver and work do for it is found by the same id, and nothing else is."""
    mass_email = post.mass_email("anna@example.org", "ben@example.org")
    post.world.clock.advance(3600)
    lines.clear()
    post.api.post("/v1/release", None, 200)
    environment = post.world.wiring.environment
    for url, function in (
        (environment.send_queue_url, "deliver"),
        (environment.jobs_queue_url, "work"),
    ):
        assert poll(post.world, url, function) == []
    assert post.api.get(f"/v1/mass-emails/{mass_email}")["status"] == "Complete"
    (sent,) = [line for line in lines if line.get("Sent") == 2]
    called = {line["correlation"] for line in lines}
    assert called == {sent["correlation"]}
    lines.clear()
    post.world.tick("sweep")
    assert lines
    assert sent["correlation"] not in {line["correlation"] for line in lines}
