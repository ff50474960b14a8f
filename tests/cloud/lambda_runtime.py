"""AWS's own runtime client for Python (``awslambdaric``), fed by a small Runtime API: a function as Lambda runs it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devstack.serving import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CLIENT_MODULES = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
STARTS_WITHIN = 30.0  # seconds, on a busy machine
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"


@dataclass(frozen=True)
class Answer:
    """What the function posted: ``error`` is the type of what it raised, None for a result."""

    result: Any
    error: str | None = None


class RuntimeApi:
    """WSGI: the runtime asks for the next event and posts what came of it."""

    def __init__(self, function: str) -> None:
        self._function = function
        self._events: queue.Queue[Any] = queue.Queue()
        self._answers: queue.Queue[Answer] = queue.Queue()

    def ask(self, event: object) -> Answer:
        """Hand one event to the function and wait for its answer."""
        self._events.put(event)
        return self._answers.get(timeout=STARTS_WITHIN)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve the three calls that matter."""
        path = environ["PATH_INFO"]
        if path.endswith("/invocation/next"):
            event = self._events.get()
            deadline = str(int((time.time() + 60) * 1000))
            headers = [
                ("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
                ("Lambda-Runtime-Deadline-Ms", deadline),
                ("Lambda-Runtime-Invoked-Function-Arn", f"{ARN}{self._function}"),
                ("Content-Type", "application/json"),
            ]
            start_response("200 OK", headers)
            return [json.dumps(event).encode()]
        body = json.loads(environ["wsgi.input"].read() or "null")
        failed = path.endswith("/error")
        self._answers.put(Answer(None, body["errorType"]) if failed else Answer(body))
        start_response("202 Accepted", [("Content-Type", "application/json")])
        return [b'{"status": "OK"}']


@contextmanager
def started(
    code: Path, handler: str, function: str, variables: Mapping[str, str], folder: Path
) -> Iterator["Running"]:
    """The function in a process of its own, with nothing to import but the package and the runtime client."""
    runtime = _runtime_client(folder)
    api = RuntimeApi(function)
    with Server(api) as url, (folder / "log").open("w+") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-S", "-m", "awslambdaric", handler],
            cwd=code,
            env={
                **variables,
                "AWS_LAMBDA_RUNTIME_API": url.removeprefix("http://"),
                "AWS_LAMBDA_FUNCTION_NAME": function,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
                "LAMBDA_TASK_ROOT": str(code),
                "PYTHONPATH": os.pathsep.join([str(code), str(runtime)]),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Running(api, process, folder / "log")
        finally:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Running:
    """A function that waits for events; ``log`` is what it has printed."""

    api: RuntimeApi
    process: subprocess.Popen[bytes]
    log_file: Path

    def call(self, event: object) -> Answer:
        """Call it; fails with what it printed if it does not answer."""
        try:
            return self.api.ask(event)
        except queue.Empty:
            raise AssertionError(self.log()) from None

    def log(self) -> str:
        """What went to CloudWatch."""
        return self.log_file.read_text()


def _runtime_client(folder: Path) -> Path:
    """A folder with the runtime client alone: Lambda's image has it, and nothing else of our environment."""
    made = folder / "runtime"
    made.mkdir()
    for name in CLIENT_MODULES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (made / source.name).symlink_to(source)
    return made
