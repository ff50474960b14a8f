"""SES behind a real botocore client: its requests end at the stand-in in this process, or are lost on the way.

What lies between ``SesSender`` and the wire is the product's own; only the wire is played (botocore's ``before-send``).
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from devstack import resources
from devstack.ses import SesStandIn
from devstack.ses_errors import AnswerLost, SesError

SEND = "SendBulkEmail"
URL = "https://email.eu-west-1.amazonaws.com"
Answer = dict[str, Any]


@dataclass
class Exchange:
    """One call of ``SendBulkEmail`` on its way. Whoever plays the network lets SES take it, in whole or in part, or not."""

    ses: SesStandIn
    body: Callable[[], bytes]

    def arrive(self) -> Answer:
        """SES gets the call and answers.

        Raises:
            SesError: It refuses the call.
        """
        content = self.body()
        return self.ses.send_bulk(json.loads(content), size=len(content))

    def arrive_in_part(self, count: int) -> Answer:
        """SES takes only the first so many entries, and breaks down."""
        request = json.loads(self.body())
        return self.ses.send_bulk({**request, "BulkEmailEntries": request["BulkEmailEntries"][:count]})

    @property
    def size(self) -> int:
        """How many entries it has."""
        return len(json.loads(self.body())["BulkEmailEntries"])


Weather = Callable[[Exchange], Answer]
"""What happens to one call: answers it, or raises what botocore raises."""


@dataclass
class Network:
    """The line to SES. ``forecast`` is the weather of the next calls, one each; ``climate`` that of all others."""

    ses: SesStandIn
    forecast: list[Weather] = field(default_factory=list)
    climate: Weather = Exchange.arrive
    sizes: list[int] = field(default_factory=list)

    def carry(self, request: Any) -> AWSResponse:
        """Answer one request of the client."""
        try:
            if not request.url.endswith("/outbound-bulk-emails"):
                return _response(200, self.ses.get_account())
            exchange = Exchange(self.ses, lambda: bytes(request.body))
            weather = self.forecast.pop(0) if self.forecast else self.climate
            return _response(200, weather(exchange))
        except SesError as error:
            return _response(error.status, {"message": error.message}, error.code)
        except AnswerLost:
            raise ConnectionClosedError(endpoint_url=URL) from None


class Line:
    """The client with a short cut: its most frequent question, ``GetAccount``, is answered without a wire."""

    def __init__(self, client: Any, ses: SesStandIn) -> None:
        self._client = client
        self.get_account = ses.get_account

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class Switchboard:
    """The one botocore client of SES in this process of the operating system: to make one takes longer than most plays."""

    def __init__(self) -> None:
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        self.client: Any = boto3.client(
            "sesv2",
            region_name=resources.REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=config,
        )
        self.client.meta.events.register("before-send.sesv2", self._carry)
        self._network: Network | None = None

    def connect(self, network: Network) -> None:
        """From now on the client's requests go there."""
        self._network = network

    def _carry(self, request: Any, **_: Any) -> AWSResponse:
        assert self._network is not None
        return self._network.carry(request)


@cache
def switchboard() -> Switchboard:
    """The one there is."""
    return Switchboard()


class _Raw(io.BytesIO):
    def stream(self) -> Iterator[bytes]:
        """The content in one piece, as urllib3 would give it."""
        yield self.read()


def _response(status: int, content: Mapping[str, Any], error: str = "") -> AWSResponse:
    headers: Any = {"Content-Type": "application/json", **({"x-amzn-ErrorType": error} if error else {})}
    return AWSResponse(URL, status, headers, _Raw(json.dumps(content).encode()))


# Weathers


def answer_lost(exchange: Exchange) -> Answer:
    """SES takes all of it; the connection breaks before the answer."""
    exchange.arrive()
    raise ConnectionClosedError(endpoint_url=URL)


def time_out_after_accepting(exchange: Exchange) -> Answer:
    """SES takes all of it and is never heard of again."""
    exchange.arrive()
    raise ReadTimeoutError(endpoint_url=URL)


def lost_on_the_way(exchange: Exchange) -> Answer:
    """The call leaves and arrives nowhere: to the sender the same as :func:`answer_lost`."""
    exchange.body()
    raise ConnectionClosedError(endpoint_url=URL)


def never_connected(_: Exchange) -> Answer:
    """The connection was refused: nothing left."""
    raise EndpointConnectionError(endpoint_url=URL)


def half_accepted(exchange: Exchange) -> Answer:
    """SES takes the first half and breaks down over the second; nobody hears of either."""
    exchange.arrive_in_part(exchange.size // 2)
    raise ConnectionClosedError(endpoint_url=URL)


def broken_before(exchange: Exchange) -> Answer:
    """A 500, and nothing accepted."""
    exchange.body()
    raise SesError("InternalServiceErrorException", "Internal service error", 500)


def broken_after(exchange: Exchange) -> Answer:
    """A 500, and everything accepted."""
    exchange.arrive()
    raise SesError("InternalServiceErrorException", "Internal service error", 500)


def refused(code: str, message: str, status: int = 400) -> Weather:
    """SES refuses the whole call."""

    def weather(exchange: Exchange) -> Answer:
        exchange.body()
        raise SesError(code, message, status)

    return weather


def offended_by(*addresses: str, text: str = "Missing final '@domain'") -> Weather:
    """SES refuses every call in which one of these addresses is."""

    def weather(exchange: Exchange) -> Answer:
        for entry in json.loads(exchange.body())["BulkEmailEntries"]:
            for address in entry["Destination"]["ToAddresses"]:
                if address in addresses:
                    raise SesError("BadRequestException", text.format(address=address))
        return exchange.arrive()

    return weather


def entries_refused(statuses: Sequence[str], *, message: str = "Some sentence.") -> Weather:
    """The first entries get these statuses and are not sent, the others are."""

    def weather(exchange: Exchange) -> Answer:
        content = json.loads(exchange.body())
        entries = content["BulkEmailEntries"]
        sent = entries[len(statuses) :]
        answer = exchange.ses.send_bulk({**content, "BulkEmailEntries": sent}) if sent else {}
        refusals = [{"Status": status, "Error": message} for status in statuses[: len(entries)]]
        return {"BulkEmailEntryResults": [*refusals, *answer.get("BulkEmailEntryResults", [])]}

    return weather
