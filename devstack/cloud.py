"""The whole local cloud in one process: moto, the SES stand-in, the functions behind Chalice's server, and the pump."""

import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from devstack import log_lines, moto_clock, moto_remedy
from devstack.clock import MovableClock
from devstack.dynamodb_local import DynamoDbLocal, free_port
from devstack.resources import ENDPOINTS, make_resources, new_key_ring
from devstack.serving import HOST, Server, dispatch
from devstack.ses import SesStandIn

KEPT = Path(__file__).resolve().parent.parent / ".local"  # what DYNAMODB=local keeps on disk
_FOREIGN = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL")
"""Variables of the person who starts it that could lead a function out of the local cloud."""


def _ignore(_function: str, _error: Exception) -> None:
    """Failures are in a tick's answer."""


class LocalCloud:
    """``with LocalCloud() as cloud:`` has ``api_url``, ``ses_url``, ``admin_token``, ``clock``, ``ses`` and ``tick``.

    One at a time in a process: it sets the process's variables and Envoi's wiring, and puts them back at the end.

    Args:
        port: Of the API; 0 takes a free one.
        ses_port: Of the SES stand-in and its inbox; 0 takes a free one.
        dynamodb: ``moto`` (in memory), ``local`` (Amazon's DynamoDB Local, kept on disk) or the URL of another.
        admin_token: The first administrator's; made anew if None.
        say: Told of each function that failed.
        running: Whether the clock and the queues go on by themselves, as in ``make dev``, or only with ``tick``.
        log: Gets the functions' log lines (``log_lines.py``); without one they go to standard output, as in Lambda.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        ses_port: int = 0,
        dynamodb: str = "moto",
        admin_token: str | None = None,
        say: Callable[[str, Exception], None] = _ignore,
        running: bool = True,
        log: logging.Handler | None = None,
    ) -> None:
        self.clock = MovableClock()
        self.admin_token = admin_token or secrets.token_urlsafe(24)
        self.ses = SesStandIn(self.clock, self._publish)
        self._port, self._ses_port = port or free_port(), ses_port or free_port()
        self._dynamodb, self._say, self._running = dynamodb, say, running
        self._log = log
        self._open = ExitStack()

    @property
    def api_url(self) -> str:
        """The API and the public pages."""
        return f"http://{HOST}:{self._port}"

    @property
    def ses_url(self) -> str:
        """The SES stand-in, its inbox and ``/_local``."""
        return f"http://{HOST}:{self._ses_port}"

    def tick(self, advance: float = 0) -> dict[str, Any]:
        """See :meth:`devstack.pump.Pump.tick`."""
        return self._pump.tick(advance)

    def _publish(self, event: Any) -> None:
        self._pump.topic.publish(event)

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._start(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _start(self, opening: ExitStack) -> None:
        if self._log is not None:
            opening.enter_context(log_lines.going_to(self._log))
        opening.enter_context(moto_clock.following(self.clock))
        opening.enter_context(_own_variables())
        endpoints = self._endpoints(opening)
        os.environ |= {
            **endpoints,
            **make_resources({**endpoints, **self._kept_key_ring()}),
            "ENVOI_PUBLIC_URL": self.api_url,
            "ENVOI_ADMIN_TOKEN": self.admin_token,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        opening.enter_context(self._functions())

    def _endpoints(self, opening: ExitStack) -> dict[str, str]:
        """Where each service is; one that the starter's own variables place elsewhere is left there."""
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415 - slow to import

        moto_remedy.install()
        moto = opening.enter_context(Server(DomainDispatcherApplication(create_backend_app)))
        _forget_what_moto_holds()
        endpoints = {name: os.environ.get(name) or moto for name in ENDPOINTS.values()}
        endpoints[ENDPOINTS["sesv2"]] = os.environ.get(ENDPOINTS["sesv2"]) or self.ses_url
        if self._dynamodb == "local":
            endpoints[ENDPOINTS["dynamodb"]] = opening.enter_context(DynamoDbLocal(data=KEPT / "dynamodb"))
        elif self._dynamodb != "moto":
            endpoints[ENDPOINTS["dynamodb"]] = self._dynamodb
        return endpoints

    def _kept_key_ring(self) -> Mapping[str, str]:
        """Addresses are stored under a keyed hash: a table that is kept needs the key that it was written with."""
        if self._dynamodb != "local":
            return {}
        path = KEPT / "key-ring.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(new_key_ring())
        return {"ENVOI_KEY_RING": path.read_text()}

    @contextmanager
    def _functions(self) -> Iterator[None]:
        """The app is imported only now, for it reads the variables."""
        import boto3  # noqa: PLC0415

        from app import app  # noqa: PLC0415
        from chalicelib import wiring  # noqa: PLC0415
        from chalicelib.settings import Environment  # noqa: PLC0415
        from devstack.gateway import Gateway, call_function  # noqa: PLC0415
        from devstack.inbox import Inbox  # noqa: PLC0415
        from devstack.local_api import LocalApi  # noqa: PLC0415
        from devstack.pump import Pump  # noqa: PLC0415
        from devstack.schedules import Schedules  # noqa: PLC0415
        from devstack.ses_http import SesApi  # noqa: PLC0415
        from devstack.subscription import Subscription  # noqa: PLC0415

        environment = Environment.from_env(os.environ)
        events, sqs, sns = boto3.client("events"), boto3.client("sqs"), boto3.client("sns")

        def rule() -> str | None:
            found = events.describe_rule(Name=environment.release_rule)
            return None if found["State"] == "DISABLED" else found["ScheduleExpression"]

        wiring.use(clock=self.clock)
        self.subscription = Subscription(sqs, sns, environment.feedback_topic_arn)
        self._pump = Pump(
            clock=self.clock,
            call=lambda name, event: call_function(app, name, event),
            environment=environment,
            sqs=sqs,
            schedules=Schedules(self.clock, rule, frozenset(app.handler_map)),
            accepted=lambda: self.ses.stats()["recipients"],
            say=self._say,
            heard=self.subscription.heard,
        )
        ses = dispatch(
            {"/v2/": SesApi(self.ses), "/_local/": LocalApi(self.ses, self.tick)},
            Inbox(self.ses.mailbox, self.clock, self.tick, self.api_url),
        )
        try:
            with Server(ses, self._ses_port), Gateway(app, self._port):
                self._pump.settle_in()
                if self._running:
                    self._pump.start()
                yield
        finally:
            self._pump.stop()
            wiring.use()
            for client in (events, sqs, sns):
                client.close()


@contextmanager
def _own_variables() -> Iterator[None]:
    """Within this, the process's variables are the local cloud's to change."""
    kept = dict(os.environ)
    for name in _FOREIGN:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _forget_what_moto_holds() -> None:
    """Moto keeps its state in the process, not in the server."""
    from moto.core.base_backend import BackendDict  # noqa: PLC0415

    BackendDict.reset()
