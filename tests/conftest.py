"""What tests of several layers share."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from moto import mock_aws

from chalicelib import wiring
from devstack import moto_remedy, resources
from devstack.serving import Server
from tests.cloud import whole_run
from tests.world import Cloud, World

# What a property says is true however busy the machine is; pytest-timeout catches what hangs.
settings.register_profile("envoi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("envoi")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Compare what the functions did with what their policies allow."""
    whole_run.finish(session)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect what a worker saw."""
    whole_run.collect(node)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what differs."""
    whole_run.tell(terminalreporter)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """Moto with everything that a stage needs, for one module; most tests take ``world``."""
    with pytest.MonkeyPatch.context() as variables, mock_aws():
        moto_remedy.install()
        for name, value in resources.make_resources({}).items():
            variables.setenv(name, value)
        made = Cloud(os.environ)
        with Server(made) as url:
            variables.setenv("AWS_ENDPOINT_URL_SESV2", url)
            yield made


@pytest.fixture
def world(cloud: Cloud) -> Iterator[World]:
    """A stage in which nothing has happened."""
    dynamodb, sqs = cloud.client("dynamodb"), cloud.client("sqs")
    dynamodb.delete_table(TableName=resources.PREFIX)
    resources._make_table(dynamodb)
    for url in sqs.list_queues().get("QueueUrls", []):
        sqs.delete_queue(QueueUrl=url)  # PurgeQueue is refused within 60 s of the one before, by moto too
    resources._make_queues(sqs)
    try:
        yield World(cloud)
    finally:
        wiring.use(wiring.Wiring())
