"""Amazon's DynamoDB Local as a process of ours: started, waited for, stopped."""

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

HOME = Path(__file__).resolve().parent.parent / ".dynamodb-local"  # where fetch_dynamodb_local.sh puts it
MAIN_CLASS = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"
START_SECONDS = 60.0  # a JVM on a busy machine of two cores
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05
PORTS = range(
    20_000, 32_000
)  # below those that Linux (from 32768) and macOS (from 49152) give to outgoing connections


class DynamoDbLocalFailed(RuntimeError):
    """The process ended or never answered; the message holds what it said."""


def free_port() -> int:
    """A port of the loopback interface that nobody has just now, and that no outgoing connection will be given."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class DynamoDbLocal:
    """``with DynamoDbLocal() as endpoint_url:`` runs an empty one in memory; ``data`` names a directory to keep it in.

    Options: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
    """

    def __init__(self, *, port: int | None = None, data: Path | None = None, heap_mib: int = 512) -> None:
        self.port = port or free_port()
        self._data = data
        self._heap_mib = heap_mib
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def available() -> bool:
        """Whether it has been fetched and there is a Java to run it."""
        return (HOME / "version").is_file() and shutil.which("java") is not None

    @property
    def endpoint_url(self) -> str:
        """What ``AWS_ENDPOINT_URL_DYNAMODB`` is to be."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> str:
        """Start it and wait until it answers; the endpoint's URL.

        Raises:
            DynamoDbLocalFailed: It is not there, ended at once or did not answer within ``START_SECONDS``.
        """
        if not self.available():
            raise DynamoDbLocalFailed("DynamoDB Local or Java is missing: run `make dynamodb-local`")
        with tempfile.TemporaryFile("w+") as said:  # a pipe that nobody reads could fill up
            self._process = subprocess.Popen(self._command(), stdout=subprocess.DEVNULL, stderr=said)
            self._wait(self._process, said)
        return self.endpoint_url

    def stop(self) -> None:
        """Stop it; nothing to do when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait(self, process: subprocess.Popen[bytes], said: IO[str]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None:
                said.seek(0)
                raise DynamoDbLocalFailed(f"DynamoDB Local ended at once: {said.read().strip()}")
            if time.monotonic() > deadline:
                self.stop()
                raise DynamoDbLocalFailed(f"DynamoDB Local did not answer within {START_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)

    def _command(self) -> list[str]:
        libraries = HOME / "DynamoDBLocal_lib"  # the npm package's layout; Maven puts all in one directory
        where = ["-dbPath", str(self._kept_in(self._data))] if self._data else ["-inMemory"]
        return [
            "java",
            f"-Xmx{self._heap_mib}m",
            f"-Djava.library.path={HOME}:{libraries}",
            "-cp",
            f"{HOME}/*:{libraries}/*",
            MAIN_CLASS,
            "-sharedDb",
            "-disableTelemetry",
            *where,
            "-port",
            str(self.port),
        ]

    @staticmethod
    def _kept_in(data: Path) -> Path:
        data.mkdir(parents=True, exist_ok=True)
        return data

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def pid(self) -> int | None:
        """The process's id while it runs; benchmarks read its CPU time by it."""
        return self._process.pid if self._process else None
