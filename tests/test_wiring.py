"""AWS's clients: how long they wait for a service that hangs."""

import socket
import threading
from collections.abc import Iterator

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.wiring import ATTEMPTS, CONNECT_SECONDS, Wiring

GATEWAY_SECONDS = 29  # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
READER_SERVICES = ("dynamodb", "sqs")  # what a click needs, one after the other when the first hangs
SERVICES = (*READER_SERVICES, "secretsmanager", "events", "sesv2", "sns", "s3")


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Region and credentials, as Lambda's variables give them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.fixture
def hanging() -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that takes connections and never answers: its address, and the connections."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", taken
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in taken:
        connection.close()


@pytest.mark.parametrize("service", SERVICES)
def test_no_client_waits_as_long_as_botocore_would(service: str) -> None:
    """Each has its own time-outs, and few attempts."""
    config = Wiring({}).client(service).meta.config
    assert config.connect_timeout == CONNECT_SECONDS
    assert config.read_timeout <= 20
    assert config.retries == {"mode": "standard", "total_max_attempts": ATTEMPTS}


def test_a_reader_is_answered_before_the_gateway_gives_up() -> None:
    """Also when the table hangs, and then the queue."""
    configs = [Wiring({}).client(service).meta.config for service in READER_SERVICES]
    assert sum(config.read_timeout * ATTEMPTS for config in configs) < GATEWAY_SECONDS


def test_a_table_that_hangs_is_given_up(
    hanging: tuple[str, list[socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many connections, each left after its time."""
    url, taken = hanging
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", url)
    client = Wiring({}).client("dynamodb", read_timeout=0.05)
    with pytest.raises(ReadTimeoutError):
        client.get_item(TableName="envoi", Key={})
    assert len(taken) == ATTEMPTS
