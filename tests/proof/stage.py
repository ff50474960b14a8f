"""AWS around the functions: it calls them by the clock, from queues and topic, and calls again what died.

Each function is a process of its own: when it dies, its memory is gone, and the next call starts a new one.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.settings import Environment
from devstack.ses import SesStandIn
from devstack.ses_faults import Faults
from devstack.topic import RETRY_AFTER, Topic
from tests.fakes.aws import Crash, InMemoryCloud
from tests.proof.incidents import Fate
from tests.proof.network import Line, Network, switchboard
from tests.proof.processes import FUNCTIONS, Process, Request, answered, dice

MORTAL = ("release", "sweep", "deliver", "work")
HOUR, SWEEP_EVERY, STEP = timedelta(hours=1), timedelta(minutes=5), timedelta(minutes=1)
ADMIN = "proof-admin"
RATE = 40.0  # recipients a second: chunks of 40
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
VISITS = 3  # how often a reader tries
PATIENCE = 5.0  # seconds until they try again
Postman = Callable[[Any], Iterable[Any]]
"""What of an event of SES's comes in, and how often."""


@dataclass(frozen=True)
class _Retry:
    """Lambda calls an asynchronous function that failed twice more, a minute and two minutes later.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    due: datetime
    function: str
    failures: int


class Stage:
    """One account, one clock, the functions, and SES.

    Args:
        cloud: The account, with a stage made in it.
        environ: The stage's variables.
        plan: Counts, and kills at, the requests of the ``mortal`` functions.
        seed: Repeats ids and tokens; with ``shuffled`` also the order in which queues are served.
        faults: What SES is like.
        heartbeat: The Send event of some older message that comes in every hour: the stream is alive. None: it is silent.
        dynamodb: Another client of DynamoDB than the account's own.
    """

    def __init__(
        self,
        cloud: InMemoryCloud,
        environ: Mapping[str, str],
        *,
        plan: Fate | None = None,
        mortal: Collection[str] = MORTAL,
        seed: int = 0,
        shuffled: bool = False,
        faults: Faults | None = None,
        heartbeat: Any = None,
        dynamodb: Any = None,
    ) -> None:
        self.cloud, self.clock, self.environ = cloud, cloud.clock, environ
        self._dynamodb = dynamodb
        self.environment = Environment.from_env(environ)
        self.plan, self.mortal = plan or Fate(), frozenset(mortal)
        self.plan.twin = self._once_more
        self.random, self.shuffled = dice(seed), shuffled
        self.ses = SesStandIn(
            self.clock, self._publish, faults=faults or Faults(max_send_rate=RATE, max_24_hour_send=-1)
        )
        self.network = Network(self.ses)
        switchboard().connect(self.network)
        self.topic = Topic(self.clock, self._feedback, self._bury)
        self.postman: Postman = lambda event: [event]
        self.heartbeat = heartbeat
        self.troubles: list[str] = []
        self._idle: dict[str, Process] = {}
        self._under_way: list[tuple[str, Any]] = []
        self._retries: list[_Retry] = []
        self._next = dict.fromkeys(("release", "sweep", "heartbeat"), self.clock.now())

    def process(self, function: str) -> Process:
        """The idle process of a function (or of a caller, by any name); a new one when it is busy or has died."""
        return self._idle.setdefault(function, Process(self, function))

    def service(self, name: str, **options: Any) -> Any:
        """A client of the account."""
        if name == "dynamodb" and self._dynamodb is not None:
            return self._dynamodb
        client = self.cloud.client(name, **options)
        return Line(client, self.ses) if name == "sesv2" else client

    def items(self) -> Iterator[Mapping[str, Any]]:
        """Everything in the table."""
        if self._dynamodb is None:
            yield from self.cloud.dynamodb.items(self.environment.table)
            return
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=self.environment.table):
            yield from page["Items"]

    def endanger(self, *functions: str) -> None:
        """From now on these are mortal, and no others."""
        self.mortal = frozenset(functions)
        self._idle.clear()  # what was wired before is as mortal as it was

    @property
    def eye(self) -> Process:
        """An immortal process that only looks."""
        return self.process("eye")

    def call(self, function: str, argument: Any = None) -> bool:
        """Call a function, in the midst of another call too; answers whether it came to its end."""
        process = self.process(function)
        del self._idle[function]  # it is busy; if it dies, nobody finds it again
        self._under_way.append((function, argument))
        try:
            FUNCTIONS[function](process, argument)
        except Crash as crash:
            self.plan.restart()
            self.plan.happened.append(f"{function} {crash}")
            return False
        except Exception as error:  # noqa: BLE001 - Lambda counts whatever is raised as the function's failure
            self.troubles.append(f"{function}: {error!r}")
            return False
        finally:
            self._under_way.pop()
        self._idle[function] = process
        return True

    def _once_more(self) -> None:
        """The call under way comes to another process at this moment, which does all of it."""
        self.call(*self._under_way[-1])

    def http(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Call the API as an administrator, through the app; the status and the JSON."""
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
        raw = b"" if body is None else json.dumps(body).encode()
        answer = answered(self.process("http"), Request(method, path, headers, raw))
        return answer.status_code, answer.json_body if answer.body else None

    def visit(self, method: str, path: str, *, agent: str = BROWSER, body: bytes = b"") -> None:
        """A reader asks for a public page, and again a few seconds later if the function died over it."""
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        request = Request(method, path, {"User-Agent": agent, **form}, body)
        for _ in range(VISITS):
            if self.call("web", request):
                return
            self.clock.advance(PATIENCE)
        self.troubles.append(f"{method} {path}: the reader gave up")

    # Time

    def live(self, span: timedelta) -> None:
        """Let so much time pass, in which AWS does what it does."""
        end = self.clock.now() + span
        while True:
            self._by_the_clock()
            self.drain()
            now = self.clock.now()
            if now >= end:
                return
            upcoming = STEP if self.waiting() else min(self._next.values()) - now
            step = min(max(upcoming, timedelta(seconds=1)), end - now)
            self.clock.advance(step.total_seconds())

    def settle(self, longest: timedelta = timedelta(hours=12)) -> bool:
        """Live until nothing is left to do; answers whether that came within ``longest``."""
        end = self.clock.now() + longest
        while not self.is_quiet():
            if self.clock.now() >= end:
                return False
            self.live(SWEEP_EVERY)
        return True

    def is_quiet(self) -> bool:
        """Whether no mass email is under way and nothing waits anywhere."""
        return not self.waiting() and not self.eye.mass_email_store.open_ids()

    def waiting(self) -> int:
        """How many messages, events and calls wait, dead letters not counted."""
        urls = (self.environment.send_queue_url, self.environment.jobs_queue_url)
        return sum(map(self.length, urls)) + len(self.topic) + len(self._retries)

    def length(self, url: str) -> int:
        """How many messages lie in a queue, seen or unseen."""
        answer = self.cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return sum(
            int(count) for name, count in answer["Attributes"].items() if name.startswith("Approximate")
        )

    @property
    def dead_letters(self) -> int:
        """How many messages AWS gave up."""
        environment = self.environment
        return sum(
            map(
                self.length,
                (
                    environment.send_dead_letter_url,
                    environment.jobs_dead_letter_url,
                    environment.feedback_dead_letter_url,
                ),
            )
        )

    def _by_the_clock(self) -> None:
        now = self.clock.now()
        due = [each for each in self._retries if each.due <= now]
        self._retries = [each for each in self._retries if each.due > now]
        for each in due:
            self._scheduled(each.function, each.failures)
        if self._next["heartbeat"] <= now:
            self._next["heartbeat"] += HOUR
            if self.heartbeat is not None:
                self.topic.publish(self.heartbeat)
        for function, every in (("release", HOUR), ("sweep", SWEEP_EVERY)):
            if self._next[function] <= now:
                self._next[function] += every
                self._scheduled(function)

    def _scheduled(self, function: str, failures: int = 0) -> None:
        if not self.call(function) and failures < len(RETRY_AFTER):
            self._retries.append(_Retry(self.clock.now() + RETRY_AFTER[failures], function, failures + 1))

    # Queues and topic

    def drain(self) -> None:
        """Hand out whatever is there to be handed out, until there is nothing."""
        lanes: Sequence[Callable[[], bool]] = (
            lambda: self.receive(self.environment.send_queue_url, "deliver"),
            lambda: self.receive(self.environment.jobs_queue_url, "work"),
            self._hand_out_events,
        )
        while True:
            handed = [lane() for lane in self._in_some_order(lanes)]
            if not any(handed):
                return

    def _hand_out_events(self) -> bool:
        """One event, or all there are where no order is asked for: looking into the queues after each is dear."""
        handed = self.topic.deliver_one()
        while handed and not self.shuffled and self.topic.deliver_one():
            pass
        return handed

    def _in_some_order(self, lanes: Sequence[Callable[[], bool]]) -> Sequence[Callable[[], bool]]:
        return self.random.sample(lanes, len(lanes)) if self.shuffled else lanes

    def receive(self, url: str, function: str) -> bool:
        """Hand one message of a queue to its function, and delete it when that came to its end; False: there was none."""
        sqs = self.cloud.sqs
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages", []):
            if self.call(function, json.loads(message["Body"])):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return True
        return False

    def _publish(self, event: Any) -> None:
        for each in self.postman(event):
            self.topic.publish(each)

    def _feedback(self, text: str) -> None:
        if not self.call("feedback", text):
            raise ChildProcessError("feedback failed")

    def _bury(self, text: str) -> None:
        self.cloud.sqs.send_message(QueueUrl=self.environment.feedback_dead_letter_url, MessageBody=text)
