"""Every function out of the zip, started by AWS's runtime client with the environment that its stack gives it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.queue import ChunkMessage
from devstack import lambda_events, moto_remedy
from devstack.clock import VirtualClock
from devstack.resources import ACCOUNT, CREDENTIALS
from devstack.serving import Server
from devstack.ses import SesStandIn
from devstack.ses_http import SesApi
from tests.cloud.lambda_runtime import Answer, Running, started
from tests.cloud.packages import Packaged
from tests.cloud.stacks import Stack
from tests.fakes.gateway import answered, requested

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MASS_EMAIL = "55f2c87b09a220a78"
pytestmark = pytest.mark.timeout(300)


class Functions:
    """Starts functions of the stack; what they call is this process's moto, and a stand-in for SES."""

    def __init__(self, package: Packaged, stack: Stack, aws: str, ses: str, folder: Path) -> None:
        self._package, self._stack, self._folder = package, stack, folder
        self._endpoints = {"AWS_ENDPOINT_URL": aws, "AWS_ENDPOINT_URL_SESV2": ses}

    def start(self, name: str) -> Any:
        """A context manager for the function of this name (``api`` is the one behind HTTP)."""
        folder = self._folder / name
        folder.mkdir()
        variables = {**self._stack.variables(name), **CREDENTIALS, **self._endpoints}
        handler = "app.app" if name == "api" else f"app.{name}"
        return started(self._package.code, handler, f"envoi-prod-{name}", variables, folder)


@pytest.fixture
def functions(package: Packaged, stack: Stack, tmp_path: Path) -> Iterator[Functions]:
    """The stack's functions; moto's state is the one in which the stack was made."""
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - slow to import
        DomainDispatcherApplication,
        create_backend_app,
    )

    moto_remedy.install()
    ses = SesApi(SesStandIn(VirtualClock(), lambda _event: None))
    with (
        Server(DomainDispatcherApplication(create_backend_app)) as aws,
        Server(ses) as ses_url,
    ):
        yield Functions(package, stack, aws, ses_url, tmp_path)


def test_the_api_answers(functions: Functions) -> None:
    """Health without a token, a problem for a wrong one; the second takes table and key ring."""
    with functions.start("api") as api:
        assert asked(api, "/v1/health")[0] == 200
        status, body = asked(api, "/v1/campaigns", Authorization=f"Bearer envoi_{MASS_EMAIL}_{'a' * 43}")
        assert (status, body["title"]) == (401, "Unauthorized")


def test_what_the_clock_calls_does_its_round(functions: Functions) -> None:
    """With table, SES and the rule of the stack."""
    tick = lambda_events.scheduled("envoi-prod-release", NOW)
    with functions.start("release") as release:
        assert release.call(tick) == Answer({"frozen": 0, "released": 0})
        assert "account_unread" not in release.log()
    with functions.start("sweep") as sweep:
        assert sweep.call(tick) == Answer(None)
        assert "_failed" not in sweep.log()
    with functions.start("sync_lists") as sync_lists:
        assert sync_lists.call(tick) == Answer(None)


def test_deliver_acknowledges_what_nothing_waits_for(functions: Functions) -> None:
    """And fails on what is no message of ours, so that SQS keeps it; the next message finds it well."""
    message = ChunkMessage(MASS_EMAIL, None, 0, "0.50").to_json()
    with functions.start("deliver") as deliver:
        assert deliver.call(queued({"no": "message"})).error == "UnreadableMessage"
        assert deliver.call(queued(message)) == Answer(None)


def test_work_acknowledges_what_is_done(functions: Functions) -> None:
    """A plan that there is not any more."""
    with functions.start("work") as work:
        assert work.call(queued({"kind": "close", "massEmailId": MASS_EMAIL, "planId": "x"})) == Answer(None)


def test_feedback_takes_any_event(functions: Functions) -> None:
    """Mail of another sender on the account is none of ours, and no error; that of another account does not belong here."""
    payload = Path(__file__).parents[1] / "mail" / "payloads" / "delivery_of_other_sender.json"
    foreign = payload.read_text()
    ours = json.dumps(
        {**json.loads(foreign), "mail": {**json.loads(foreign)["mail"], "sendingAccountId": ACCOUNT}}
    )
    topic = f"arn:aws:sns:eu-west-1:{ACCOUNT}:envoi-prod-feedback"
    with functions.start("feedback") as feedback:
        assert feedback.call(lambda_events.published(ours, topic, NOW)) == Answer(None)
        assert feedback.call(lambda_events.published(foreign, topic, NOW)).error == "ForeignEvent"
        assert feedback.call(lambda_events.published(ours, f"{topic}-2", NOW)).error == "ForeignEvent"


def asked(api: Running, path: str, **headers: str) -> tuple[int, Any]:
    """Status and JSON of a GET, as API Gateway asks for it."""
    answer = api.call(requested("GET", path, headers=headers))
    assert answer.error is None, api.log()
    return answered(answer.result)


def queued(message: object) -> Any:
    """An SQS event with one message."""
    received = {
        "MessageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "ReceiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "Body": json.dumps(message),
        "MD5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
    }
    return lambda_events.queued(received, "arn:aws:sqs:eu-west-1:123456789012:envoi-prod-send")
