"""What the tests of mail share: a client that goes where a test says, and a batch."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from chalicelib.mail.clients import sending_client

ClientAt = Callable[[str], Any]


@pytest.fixture
def session() -> boto3.session.Session:
    """A session with credentials of nobody."""
    return boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1"
    )


@pytest.fixture
def client_at(session: boto3.session.Session, monkeypatch: pytest.MonkeyPatch) -> ClientAt:
    """The sending client, as in the cloud, against this URL."""

    def make(url: str) -> Any:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", url)
        return sending_client(session)

    return make
