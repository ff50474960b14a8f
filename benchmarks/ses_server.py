"""The SES stand-in in a process of its own, so that its CPU is not the sender's: ``python -m benchmarks.ses_server PORT RATE``."""

import json
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.domain.events import TAG_RECIPIENT
from devstack.clock import MovableClock
from devstack.serving import Server
from devstack.ses import SesStandIn
from devstack.ses_faults import Faults
from devstack.ses_http import SesApi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NO_LIMIT = 1e9  # recipients a day
PATH = "/benchmarks/seen"


@dataclass(frozen=True)
class Seen:
    """What the stand-in saw since its start; ``distinct`` are the recipient tags of accepted messages."""

    recipients: int
    most_in_one_second: int
    refusals: int
    tagged: int
    distinct: int

    @property
    def duplicates(self) -> int:
        """Messages that a recipient got beyond the first."""
        return self.tagged - self.distinct


def seen(url: str) -> Seen:
    """Ask the stand-in at this address."""
    with urllib.request.urlopen(f"{url}{PATH}", timeout=30) as answer:  # noqa: S310 - our own process
        return Seen(**json.load(answer))


class Accepted:
    """Takes the stand-in's events, and counts by recipient what SES took."""

    def __init__(self) -> None:
        self.by_recipient: Counter[str] = Counter()

    def __call__(self, event: Any) -> None:
        """One event; a plain sender's messages bear no tag."""
        if event["eventType"] == "Send":
            self.by_recipient.update(event["mail"]["tags"].get(TAG_RECIPIENT, ()))


class Api:
    """The stand-in's own API, and what it has seen."""

    def __init__(self, ses: SesStandIn, accepted: Accepted) -> None:
        self._ses = ses
        self._accepted = accepted
        self._api = SesApi(ses)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] != PATH:
            return self._api(environ, start_response)
        start: Callable[..., object] = start_response
        body = json.dumps(asdict(self._seen())).encode()
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _seen(self) -> Seen:
        stats, by_recipient = self._ses.stats(), self._accepted.by_recipient
        return Seen(
            recipients=stats["recipients"],
            most_in_one_second=stats["mostRecipientsInOneSecond"],
            refusals=stats["refusals"],
            tagged=by_recipient.total(),
            distinct=len(by_recipient),
        )


def main(port: int, rate: float) -> None:
    """Serve until killed."""
    faults = Faults(max_send_rate=rate, max_24_hour_send=NO_LIMIT)
    accepted = Accepted()
    ses = SesStandIn(MovableClock(), accepted, faults=faults, keep=0)
    with Server(Api(ses, accepted), port):
        print("ready", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
