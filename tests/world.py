"""A whole stage on moto, driven through ``chalice.test.Client`` as API Gateway and Lambda would drive it.

Tests take the fixture ``world`` (conftest.py). It is new for every test; only boto3 clients are kept, for they are slow to make.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from chalice.test import Client

from chalicelib import wiring
from chalicelib.domain.ids import new_id
from chalicelib.domain.records import Role
from chalicelib.flows.tokens import Tokens
from devstack.clock import VirtualClock
from devstack.ses import SesStandIn
from devstack.ses_http import SesApi
from tests import actions
from tests.conforming import promises
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from chalicelib.mail.sender import SesSender

NO_TOKEN = ""


class Reply(NamedTuple):
    """An HTTP answer; ``body`` is JSON where it is some, else the bytes; header names are as they were sent."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Cloud:
    """What one test module shares: the variables, the boto3 clients, the app, and where SES listens.

    It is the WSGI application behind ``AWS_ENDPOINT_URL_SESV2``: each test puts its own account there.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        from app import app  # noqa: PLC0415 - the variables must be set before the first import

        self.environ = environ
        self.door = Client(app)
        self._clients: dict[str, Any] = {}
        self.ses_api: SesApi | None = None

    def client(self, service: str, **options: Any) -> Any:
        """A client as the wiring makes it, made once: that takes longer than most tests."""
        name = f"{service} {sorted(options.items())}"
        if name not in self._clients:
            self._clients[name] = actions.watch(wiring.Wiring(self.environ).client(service, **options))
        return self._clients[name]

    @cached_property
    def sending_client(self) -> Any:
        """The client that sends, made once too."""
        from chalicelib.mail.clients import sending_client  # noqa: PLC0415 - as in the wiring

        return actions.watch(sending_client())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as this test's SES."""
        assert self.ses_api is not None
        return self.ses_api(environ, start_response)


class WorldWiring(wiring.Wiring):
    """The stage's wiring, with the module's clients."""

    def __init__(self, cloud: Cloud, clock: VirtualClock | FakeClock) -> None:
        super().__init__(cloud.environ, clock)
        self._cloud = cloud

    def client(self, service: str, **options: Any) -> Any:
        """As the stage's own, made once per module."""
        return self._cloud.client(service, **options)

    @cached_property
    def sender(self) -> "SesSender":
        """The stage's own, watched."""
        from chalicelib.mail.sender import SesSender  # noqa: PLC0415 - as in the wiring

        return SesSender(self._cloud.sending_client, self.environment.configuration_set, self.clock)


class World:
    """One test's stage: ``clock`` stands still until it is moved, ``wiring`` is what the app uses.

    ``ses`` is the account that the mail goes to, ``events`` are what it has published and nobody has taken yet.
    """

    def __init__(self, cloud: Cloud, clock: VirtualClock | FakeClock | None = None) -> None:
        self._cloud = cloud
        self.clock = clock or VirtualClock()
        self.wiring = wiring.use(WorldWiring(cloud, self.clock))
        self.door = cloud.door
        self.events: list[Any] = []
        self.ses = SesStandIn(self.clock, self.events.append)
        cloud.ses_api = SesApi(self.ses)
        self._tokens: dict[Role, str] = {}

    def token(self, role: Role = Role.ADMIN) -> str:
        """A token of this role."""
        if role not in self._tokens:
            tokens = Tokens(
                self.wiring.token_store, self.clock, new_id, lambda count: bytes([len(role)]) * count
            )
            _, self._tokens[role] = tokens.create(name=role, role=role, expires_at=None)
        return self._tokens[role]

    def http(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Call the API. ``body`` is sent as JSON, bytes as they are; ``token`` None is an administrator's, "" none."""
        sent: dict[str, str] = {"Content-Type": "application/json"} if body is not None else {}
        text = self.token() if token is None else token
        if text:
            sent["Authorization"] = f"Bearer {text}"
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        with actions.during("api"):
            answer = self.door.http.request(method, path, headers={**sent, **(headers or {})}, body=raw)
        is_json = "json" in answer.headers.get("Content-Type", "")
        reply = Reply(answer.status_code, answer.json_body if is_json else answer.body, answer.headers)
        if self.door is self._cloud.door:
            promises().check(method, path, reply.status, reply.headers, reply.body)
        return reply

    def api(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """The same, as status and JSON alone."""
        reply = self.http(method, path, body, token=token, headers=headers)
        return reply.status, reply.body

    def tick(self, function: str) -> Any:
        """Let the clock call a function: ``release`` or ``sweep``."""
        event = self.door.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
        return self._invoke(function, event)

    def queued(self, function: str, *messages: object) -> Any:
        """Hand messages to a queue's function: ``deliver`` or ``work``."""
        event = self.door.events.generate_sqs_event([json.dumps(message) for message in messages])
        return self._invoke(function, event)

    def published(self, message: object) -> Any:
        """Hand an SES event to ``feedback``."""
        event = self.door.events.generate_sns_event(json.dumps(message))
        event["Records"][0]["Sns"]["TopicArn"] = self.wiring.environment.feedback_topic_arn
        return self._invoke("feedback", event)

    def _invoke(self, function: str, event: Any) -> Any:
        """A cold start each time: what a warm function has in its memory, one has to be able to ask for."""
        wiring.use(WorldWiring(self._cloud, self.clock))
        try:
            with actions.during(function):
                return self.door.lambda_.invoke(function, event).payload
        finally:
            wiring.use(self.wiring)

    def taken(self, queue_url: str) -> list[Any]:
        """Take everything off a queue."""
        sqs = self.wiring.client("sqs")
        found: list[Any] = []
        while batch := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
            for message in batch:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return found
