"""Starting the local cloud and ending it: what is kept, and what is put back."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devstack import cloud as cloud_module
from devstack.cloud import LocalCloud
from devstack.dynamodb_local import DynamoDbLocal, free_port
from tests.devstack.envoi_client import Envoi, call

ROOT = Path(__file__).resolve().parents[2]


def test_what_the_starter_has_set_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their profile leads no function out of the local cloud, and is theirs again afterwards."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    before = dict(os.environ)
    with LocalCloud(running=False) as cloud:
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_ENDPOINT_URL_SESV2"] == cloud.ses_url
    assert dict(os.environ) == before


if DynamoDbLocal.available():

    @pytest.mark.dynamodb_local
    def test_dynamodb_local_keeps_its_data_and_their_key(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a restart a contact is found by address, which is stored under a keyed hash."""
        monkeypatch.setattr(cloud_module, "KEPT", tmp_path)
        with LocalCloud(dynamodb="local", running=False) as cloud:
            made = Envoi(cloud)("POST", "/v1/contacts", {"lastName": "A", "emailAddress": "a@example.org"})
        with LocalCloud(dynamodb="local", running=False) as cloud:
            found = Envoi(cloud)("GET", "/v1/contacts?emailAddress=a@example.org")
        assert [contact["id"] for contact in found["list"]] == [made["id"]]


def test_it_runs_until_it_is_interrupted() -> None:
    """``python -m devstack`` says where everything is, takes its ports and token from the environment, and ends well."""
    port, ses_port = free_port(), free_port()
    variables = {"PORT": str(port), "SES_PORT": str(ses_port), "ENVOI_ADMIN_TOKEN": "a-token-of-mine"}
    with subprocess.Popen(
        [sys.executable, "-m", "devstack"],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, "it ended at once"
            said += line
        assert re.search(rf"http://127\.0\.0\.1:{ses_port}/\s", said)
        assert call(f"http://127.0.0.1:{port}/v1/quota", token="a-token-of-mine")[0] == 200
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("dynamodb", "status", "said"),
    [
        ("local", 1, "DynamoDB Local or Java is missing: run `make dynamodb-local`\n"),
        ("lokal", 2, "'lokal' is neither moto nor local nor a URL\n"),
    ],
)
def test_a_dynamodb_that_is_not_there_is_said_so(
    tmp_path: Path, dynamodb: str, status: int, said: str
) -> None:
    """In a sentence that says what to do, not in a traceback. The path is empty, so there is no Java."""
    done = subprocess.run(  # noqa: S603 - the parameters above
        [sys.executable, "-m", "devstack", "--dynamodb", dynamodb],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path), "PORT": str(free_port()), "SES_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.endswith(said)
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said_so() -> None:
    """In a sentence that names the variables, not in a traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        variables = {"SES_PORT": str(taken.getsockname()[1]), "PORT": str(free_port())}
        done = subprocess.run(
            [sys.executable, "-m", "devstack"],
            cwd=ROOT,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "A port is taken: PORT and SES_PORT choose others.\n"
