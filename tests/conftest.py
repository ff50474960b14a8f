"""What tests of several layers share."""

import os
from collections.abc import Iterator

import pytest
from moto import mock_aws

from chalicelib import wiring
from devstack import moto_remedy, resources
from devstack.serving import Server
from tests.world import Cloud, World


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
