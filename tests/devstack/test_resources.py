"""What a stage needs is made, and the variables find it."""

import base64
import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from chalicelib.settings import Environment
from devstack.resources import make_resources


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """The environment after making everything, with boto3 pointed at it by nothing but the variables."""
    with mock_aws():
        variables = make_resources({})
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield Environment.from_env(variables)


def test_every_variable_leads_to_a_resource(found: Environment) -> None:
    """Table with its index and expiry, queues with their dead letters, topics, bucket, rule and key ring exist."""
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    table = dynamodb.describe_table(TableName=found.table)["Table"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["PK", "SK"]
    assert table["GlobalSecondaryIndexes"][0]["IndexName"] == "byTime"
    expiry = dynamodb.describe_time_to_live(TableName=found.table)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}
    for live, dead in (
        (found.send_queue_url, found.send_dead_letter_url),
        (found.jobs_queue_url, found.jobs_dead_letter_url),
    ):
        attributes = sqs.get_queue_attributes(QueueUrl=live, AttributeNames=["All"])["Attributes"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == arn
    assert sqs.get_queue_attributes(QueueUrl=found.feedback_dead_letter_url)["ResponseMetadata"]
    topics = {topic["TopicArn"] for topic in boto3.client("sns").list_topics()["Topics"]}
    assert {found.feedback_topic_arn, found.operators_topic_arn} == topics
    assert [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]] == [found.bucket]
    assert (
        boto3.client("events").describe_rule(Name=found.release_rule)["ScheduleExpression"] == "rate(1 hour)"
    )


def test_the_key_ring_holds_keys_of_256_bits(found: Environment) -> None:
    """Signing keys by their id, the id that signs, and the key for addresses."""
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=found.key_ring_secret)["SecretString"]
    ring = json.loads(secret)
    assert ring["signsWith"] == 1
    assert {len(base64.b64decode(key)) for key in (ring["signing"]["1"], ring["address"])} == {32}


@mock_aws
def test_a_given_key_ring_is_kept() -> None:
    """A table kept on disk stays readable: its address keys depend on the ring."""
    variables = make_resources({"ENVOI_KEY_RING": '{"signing": {}}'})
    client = boto3.client("secretsmanager", region_name=variables["AWS_REGION"])
    assert (
        client.get_secret_value(SecretId=variables["ENVOI_KEY_RING_SECRET"])["SecretString"]
        == '{"signing": {}}'
    )


def test_what_exists_is_left_as_it_is(found: Environment) -> None:
    """Making everything again finds the same places, and the key ring stays."""
    vault = boto3.client("secretsmanager")
    before = vault.get_secret_value(SecretId=found.key_ring_secret)["SecretString"]
    assert Environment.from_env(make_resources({})) == found
    assert vault.get_secret_value(SecretId=found.key_ring_secret)["SecretString"] == before
