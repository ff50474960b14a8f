"""The account in memory is a stage as the local cloud makes it, and can be put back as it was."""

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.settings import Environment
from chalicelib.storage.key_ring import key_ring
from devstack import resources
from tests.fakes.aws import (
    Crash,
    CrashPlan,
    FakeClock,
    InMemoryCloud,
    Moment,
    MortalCloud,
    Point,
    ProcessWiring,
)


def test_makes_the_same_stage_as_the_local_cloud() -> None:
    """The same variables, and queues, table and rule by the same names and attributes, as ``devstack`` makes on moto."""
    cloud = InMemoryCloud(FakeClock())
    environ = cloud.make_stage()
    with mock_aws():
        made = resources.make_resources({})
        sqs, dynamodb = resources._Cloud({}).client("sqs"), resources._Cloud({}).client("dynamodb")
        for name in (name for name in made if name.endswith(("QUEUE_URL", "LETTER_URL"))):
            theirs = sqs.get_queue_attributes(QueueUrl=made[name], AttributeNames=["All"])["Attributes"]
            ours = cloud.sqs.get_queue_attributes(QueueUrl=environ[name], AttributeNames=["All"])[
                "Attributes"
            ]
            assert {key: theirs[key] for key in ours} == ours
        described = dynamodb.describe_table(TableName=resources.PREFIX)["Table"]
    ours = cloud.dynamodb.describe_table(TableName=environ["ENVOI_TABLE"])["Table"]
    assert described["KeySchema"] == ours["KeySchema"]
    assert environ.keys() == made.keys()
    assert {name: value for name, value in environ.items() if "URL" not in name} == {
        name: value for name, value in made.items() if "URL" not in name
    }
    Environment.from_env(environ)


def test_the_key_ring_is_one() -> None:
    """What is stored as the secret can be read as a key ring."""
    cloud = InMemoryCloud(FakeClock())
    environ = cloud.make_stage()
    secret = cloud.client("secretsmanager").get_secret_value(SecretId=environ["ENVOI_KEY_RING_SECRET"])
    assert len(key_ring(secret["SecretString"]).address) == 32


def test_a_stage_runs_on_it() -> None:
    """The wiring finds its table, queues, secret and rule, and a plan can kill the process that uses them."""
    clock = FakeClock()
    cloud = InMemoryCloud(clock)
    environ = cloud.make_stage()
    process = ProcessWiring(cloud, environ, clock)
    process.table.put({"PK": {"S": "p"}, "SK": {"S": "s"}, "b": {"B": b"\x00"}})
    process.outbox.job({"kind": "test"})
    assert len(process.key_ring.address_key()) == 32
    assert process.schedule_rule.state().expression == "rate(1 hour)"
    assert len(cloud.sqs.messages(environ["ENVOI_JOBS_QUEUE_URL"])) == 1
    mortal = ProcessWiring(MortalCloud(cloud, CrashPlan(Point(0, Moment.AFTER))), environ, clock)
    with pytest.raises(Crash):
        mortal.table.delete({"PK": {"S": "p"}, "SK": {"S": "s"}})
    assert process.table.get({"PK": {"S": "p"}, "SK": {"S": "s"}}) is None


def test_restores_every_service_and_the_time() -> None:
    """After a restore nothing tells that something happened."""
    cloud = InMemoryCloud(FakeClock())
    environ = cloud.make_stage()
    before, now = cloud.snapshot(), cloud.clock.now()
    cloud.clock.advance(60)
    cloud.s3.put_object(Bucket=environ["ENVOI_BUCKET"], Key="k", Body=b"x")
    cloud.s3.create_multipart_upload(Bucket=environ["ENVOI_BUCKET"], Key="parts")
    cloud.events.put_rule(Name=environ["ENVOI_RELEASE_RULE"], ScheduleExpression="rate(2 hours)")
    cloud.sns.publish(TopicArn=environ["ENVOI_OPERATORS_TOPIC_ARN"], Message="m")
    cloud.sqs.send_message(QueueUrl=environ["ENVOI_JOBS_QUEUE_URL"], MessageBody="m")
    cloud.secrets.put_secret_value(SecretId=environ["ENVOI_KEY_RING_SECRET"], SecretString="other")
    cloud.dynamodb.put_item(TableName=environ["ENVOI_TABLE"], Item={"PK": {"S": "p"}, "SK": {"S": "s"}})
    cloud.restore(before)
    assert cloud.clock.now() == now
    with pytest.raises(cloud.s3.exceptions.NoSuchKey):
        cloud.s3.get_object(Bucket=environ["ENVOI_BUCKET"], Key="k")
    assert cloud.s3.unfinished_uploads == 0
    assert (
        cloud.events.describe_rule(Name=environ["ENVOI_RELEASE_RULE"])["ScheduleExpression"] == "rate(1 hour)"
    )
    assert cloud.sns.published(environ["ENVOI_OPERATORS_TOPIC_ARN"]) == []
    assert cloud.sqs.messages(environ["ENVOI_JOBS_QUEUE_URL"]) == []
    assert (
        cloud.secrets.get_secret_value(SecretId=environ["ENVOI_KEY_RING_SECRET"])["SecretString"] != "other"
    )
    assert list(cloud.dynamodb.items(environ["ENVOI_TABLE"])) == []


def test_other_services_are_given_from_outside() -> None:
    """SES's stand-in is somebody else's."""
    ses = object()
    assert InMemoryCloud(FakeClock(), others={"sesv2": ses}).client("sesv2") is ses
    with pytest.raises(KeyError):
        InMemoryCloud(FakeClock()).client("sesv2")


@pytest.mark.parametrize("expression", ["rate(1 hour)", "rate(5 minutes)", "cron(0 9 ? * MON-FRI *)"])
def test_a_rule_is_described_as_it_was_put(expression: str) -> None:
    """PutRule replaces everything, its state too."""
    events = InMemoryCloud(FakeClock()).events
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)", State="DISABLED", Description="d")
    events.put_rule(Name="r", ScheduleExpression=expression)
    rule = events.describe_rule(Name="r")
    assert (rule["ScheduleExpression"], rule["State"]) == (expression, "ENABLED")
    assert "Description" not in rule


@pytest.mark.parametrize(
    "expression", ["rate(1 hours)", "rate(2 hour)", "rate(0 hours)", "cron(* *)", "hourly"]
)
def test_a_wrong_schedule_is_refused(expression: str) -> None:
    """As EventBridge does, singular and plural included."""
    with pytest.raises(ClientError, match="ValidationException"):
        InMemoryCloud(FakeClock()).events.put_rule(Name="r", ScheduleExpression=expression)


def test_objects_are_read_as_they_were_written() -> None:
    """With their metadata; what is not there is an error of boto3's name."""
    s3 = InMemoryCloud(FakeClock()).s3
    s3.create_bucket(Bucket="b")
    s3.put_object(Bucket="b", Key="k", Body="é", ContentType="text/csv")
    answer = s3.get_object(Bucket="b", Key="k")
    assert (answer["Body"].read(), answer["ContentType"], answer["ContentLength"]) == (
        "é".encode(),
        "text/csv",
        2,
    )
    s3.delete_object(Bucket="b", Key="k")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="b", Key="k")


def test_unknown_things_are_refused() -> None:
    """By the error codes of their services."""
    cloud = InMemoryCloud(FakeClock())
    with pytest.raises(cloud.secrets.exceptions.ResourceNotFoundException):
        cloud.secrets.get_secret_value(SecretId="none")
    with pytest.raises(cloud.events.exceptions.ResourceNotFoundException):
        cloud.events.describe_rule(Name="none")
    with pytest.raises(cloud.sqs.exceptions.QueueDoesNotExist):
        cloud.sqs.send_message(QueueUrl="none", MessageBody="m")
    with pytest.raises(cloud.sns.exceptions.NotFoundException):
        cloud.sns.publish(TopicArn="none", Message="m")
    with pytest.raises(cloud.s3.exceptions.NoSuchBucket):
        cloud.s3.put_object(Bucket="none", Key="k")
