"""The same plays on Amazon's DynamoDB Local: what holds on the table in memory holds on Amazon's own code."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config

from devstack import resources
from devstack.dynamodb_local import DynamoDbLocal
from tests.proof.crashes import Verdict, every_incident, played
from tests.proof.plays import PLAYS
from tests.proof.repertoire import SCENES

SENDS, VISITS = (
    151,
    60,
)  # every so manieth incident of sends and of scenes: neither is a multiple of the kinds there are


def sample() -> list[str]:
    """Some incidents of every play."""
    sends = [name for play in PLAYS for name in every_incident(play)]
    visits = [name for scene in SCENES for name in every_incident(scene)]
    return sends[::SENDS] + visits[::VISITS]


def played_there(names: Iterable[str]) -> Iterator[Verdict]:
    """Play these with a table of DynamoDB Local."""
    with local_client() as client:
        for name in names:
            yield played(name, dynamodb=client)


@contextmanager
def local_client() -> Iterator[Any]:
    """A client of a DynamoDB Local that runs as long."""
    with DynamoDbLocal() as url:
        client: Any = boto3.client(
            "dynamodb",
            endpoint_url=url,
            region_name=resources.REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(parameter_validation=False),
        )
        yield client
        client.close()
