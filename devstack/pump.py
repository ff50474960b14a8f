"""What AWS does between the functions: the clock calls, queues and topic are emptied; and a tick does an hour's work at once."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chalicelib.domain.clock import rfc3339
from chalicelib.settings import Environment
from devstack import lambda_events
from devstack.clock import MovableClock
from devstack.queues import Poller
from devstack.schedules import Schedules
from devstack.topic import Topic

IDLE_SECONDS = {"clock": 1.0, "deliver": 0.25, "work": 0.25, "feedback": 0.05}
"""Between two looks of a lane at what has nothing for it; the last one looks at memory only."""
TICK_SECONDS = 50.0  # of real time; the answer is promised within 60
SKIP_SECONDS = 5  # by which a tick moves the clock when nothing is left but delayed messages
MAX_SKIPS = 24  # in one tick: two minutes of the clock
SWEEPS = 4  # in one tick at most: a later one finishes what an earlier one brought about

Call = Callable[[str, Mapping[str, Any]], Any]
Heard = Iterable[tuple[str, str]]


def _nothing() -> Heard:
    return ()


@dataclass
class _Done:
    events: int = 0
    skips: int = 0
    failures: list[str] = field(default_factory=list)


class Pump:
    """Calls the functions: each in a lane of its own that goes on by the clock, or all in a tick, which stops the lanes.

    Args:
        clock: What everything reads.
        call: Calls a function by its name with a Lambda event, and raises what it raises.
        environment: Where the queues and the topic are.
        sqs: A boto3 client.
        schedules: Says which functions are due.
        accepted: How many recipients SES has accepted so far.
        say: Told of each failure, as a function's name and the exception.
        heard: Topic and text of what others published that ``feedback`` is to get (``subscription.py``).
    """

    def __init__(
        self,
        *,
        clock: MovableClock,
        call: Call,
        environment: Environment,
        sqs: Any,
        schedules: Schedules,
        accepted: Callable[[], int],
        say: Callable[[str, Exception], None],
        heard: Callable[[], Heard] = _nothing,
    ) -> None:
        self._clock, self._function, self._schedules = clock, call, schedules
        self._environment, self._sqs, self._accepted, self._say = environment, sqs, accepted, say
        self._heard = heard
        self._done = _Done()
        self._topics: dict[str, Topic] = {}
        self.topic = self._topic(environment.feedback_topic_arn)
        self._pollers = {
            "deliver": Poller(sqs, environment.send_queue_url, lambda event: self._call("deliver", event)),
            "work": Poller(sqs, environment.jobs_queue_url, lambda event: self._call("work", event)),
        }
        self._lanes: dict[str, Callable[[], bool]] = {
            "clock": self._look,
            **{name: poller.deliver_one for name, poller in self._pollers.items()},
            "feedback": self._hand_over_one,
        }
        self._busy = {name: threading.Lock() for name in self._lanes}
        self._free = threading.Event()  # unset while a tick wants the lanes to stop
        self._free.set()
        self._stopped = threading.Event()
        self._one_tick = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(name,), name=f"pump {name}", daemon=True)
            for name in self._lanes
        ]

    def settle_in(self) -> None:
        """The first ``sweep``, without five minutes' waiting: it stores what SES allows, which a Send Test needs."""
        with self._alone():
            self._fire("sweep")

    def start(self) -> None:
        """Go on by the clock, a thread for each lane."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the lanes; what lies in the queues stays there."""
        self._stopped.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def tick(self, advance: float = 0) -> dict[str, Any]:
        """Move the clock, run ``release`` and ``sweep``, empty every queue; what was done, and what is left.

        Waiting costs no time here: a function's sleep moves the clock. Messages that failed come again once the clock has
        passed their visibility time-out, that is, mostly in a later tick.
        """
        with self._alone(), self._clock.skipping():
            self._clock.advance(advance)
            end, accepted, self._done = time.monotonic() + TICK_SECONDS, self._accepted(), _Done()
            report = self._fire("release") or {}
            self._drain(end)
            for _ in range(SWEEPS):
                self._fire("sweep")
                if not self._drain(end):
                    break
            self._schedules.restart()
            return {
                "now": rfc3339(self._clock.now()),
                "frozen": report.get("frozen", 0),
                "released": report.get("released", 0),
                "delivered": self._accepted() - accepted,
                "events": self._done.events,
                "queuesLeft": self.left(),
                "failures": self._done.failures,
            }

    def left(self) -> int:
        """How many messages and events wait, dead letters not counted."""
        return sum(sum(poller.waiting().values()) for poller in self._pollers.values()) + sum(
            map(len, self._topics.values())
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until every lane has finished what it is at, and hold them all."""
        with self._one_tick:
            self._free.clear()
            try:
                with ExitStack() as held:
                    for lock in self._busy.values():
                        held.enter_context(lock)
                    yield
            finally:
                self._free.set()

    def _run(self, lane: str) -> None:
        while not self._stopped.is_set():
            self._free.wait()
            with self._busy[lane]:
                some = self._lanes[lane]()
            if not some:
                self._stopped.wait(IDLE_SECONDS[lane])

    def _look(self) -> bool:
        for name in self._schedules.due():
            self._fire(name)
        self._hear()
        return False

    def _hear(self) -> None:
        for topic_arn, text in self._heard():
            self._topic(topic_arn).say(text)

    def _topic(self, arn: str) -> Topic:
        if arn not in self._topics:
            self._topics[arn] = Topic(self._clock, partial(self._feedback, arn), partial(self._bury, arn))
        return self._topics[arn]

    def _hand_over_one(self) -> bool:
        return any(topic.deliver_one() for topic in list(self._topics.values()))

    def _drain(self, end: float) -> bool:
        """Empty the queues until there is nothing more or the time is up; answers whether there was something."""
        some = False
        while True:
            for _ in self._messages():
                some = True
                if time.monotonic() > end:
                    return some
            if not self._skip_to_delayed():
                return some

    def _messages(self) -> Iterator[bool]:
        for poller in self._pollers.values():
            while poller.deliver_one():
                yield True
        self._hear()
        while self._hand_over_one():
            yield True

    def _skip_to_delayed(self) -> bool:
        delayed = any(poller.waiting()["delayed"] for poller in self._pollers.values())
        if not delayed or self._done.skips >= MAX_SKIPS:
            return False
        self._done.skips += 1
        self._clock.advance(SKIP_SECONDS)
        return True

    def _fire(self, name: str) -> Any:
        """A scheduled call; Lambda would try again, the next one does as well."""
        try:
            return self._call(
                name, lambda_events.scheduled(self._environment.release_rule, self._clock.now())
            )
        except Exception:  # noqa: BLE001 - told already; the clock goes on
            return None

    def _feedback(self, topic_arn: str, text: str) -> None:
        self._done.events += 1
        self._call("feedback", lambda_events.published(text, topic_arn, self._clock.now()))

    def _bury(self, topic_arn: str, text: str) -> None:
        event = lambda_events.published(text, topic_arn, self._clock.now())
        self._sqs.send_message(
            QueueUrl=self._environment.feedback_dead_letter_url, MessageBody=json.dumps(event)
        )

    def _call(self, name: str, event: Mapping[str, Any]) -> Any:
        try:
            return self._function(name, event)
        except Exception as error:
            self._done.failures.append(f"{name}: {type(error).__name__}")
            self._say(name, error)
            raise
