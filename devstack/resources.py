"""Makes what a stage needs — table, queues, topics, bucket, rule, key ring — and says by which variables it is found."""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import boto3

REGION = "eu-west-1"
ACCOUNT = "123456789012"  # moto's
STAGE = "dev"
PREFIX = f"envoi-{STAGE}"
CONFIGURATION_SET = PREFIX
VISIBILITY_SECONDS = {
    "send": 720,
    "jobs": 1800,
}  # six times the functions' time-outs, as in .chalice/template/queues.yaml
MAX_RECEIVE_COUNT = 5
RETENTION_SECONDS = 1_209_600  # 14 days, SQS's maximum
ENDPOINTS = {
    "dynamodb": "AWS_ENDPOINT_URL_DYNAMODB",
    "sqs": "AWS_ENDPOINT_URL_SQS",
    "sns": "AWS_ENDPOINT_URL_SNS",
    "s3": "AWS_ENDPOINT_URL_S3",
    "events": "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "secretsmanager": "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "sesv2": "AWS_ENDPOINT_URL_SESV2",
}
"""boto3's variables: https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html"""
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
}


def make_resources(
    environ: Mapping[str, str], *, random_bytes: Callable[[int], bytes] = secrets.token_bytes
) -> dict[str, str]:
    """Make everything, and answer the variables that ``chalicelib.settings`` reads, credentials and region among them.

    Needs no server: within ``mock_aws`` give it ``{}``. ``AWS_ENDPOINT_URL_*`` in ``environ`` say where each service is;
    an ``ENVOI_KEY_RING`` in it is taken instead of a new key ring (a table kept on disk needs its old one).
    What exists already is left as it is.
    """
    cloud = _Cloud(environ)
    _make_table(cloud.client("dynamodb"))
    queues = _make_queues(cloud.client("sqs"))
    sns, s3, events = cloud.client("sns"), cloud.client("s3"), cloud.client("events")
    topics = {
        name: sns.create_topic(Name=f"{PREFIX}-{name}")["TopicArn"] for name in ("feedback", "operators")
    }
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=f"{PREFIX}-files", CreateBucketConfiguration={"LocationConstraint": REGION})
    events.put_rule(Name=f"{PREFIX}-release", ScheduleExpression="rate(1 hour)", State="ENABLED")
    vault = cloud.client("secretsmanager")
    with suppress(vault.exceptions.ResourceExistsException):
        key_ring = environ.get("ENVOI_KEY_RING") or new_key_ring(random_bytes)
        vault.create_secret(Name=f"{PREFIX}-key-ring", SecretString=key_ring)
    return {
        **CREDENTIALS,
        "ENVOI_STAGE": STAGE,
        "ENVOI_TABLE": PREFIX,
        **queues,
        "ENVOI_FEEDBACK_TOPIC_ARN": topics["feedback"],
        "ENVOI_OPERATORS_TOPIC_ARN": topics["operators"],
        "ENVOI_BUCKET": f"{PREFIX}-files",
        "ENVOI_CONFIGURATION_SET": CONFIGURATION_SET,
        "ENVOI_KEY_RING_SECRET": f"{PREFIX}-key-ring",
        "ENVOI_RELEASE_RULE": f"{PREFIX}-release",
        "ENVOI_COGNITO_USER_POOL_ARN": "",  # whatever the shell has: Chalice's local server verifies no identity
    }


def new_key_ring(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A key ring as the secret holds it: keys of 32 bytes, base64."""
    signing, address = (base64.b64encode(random_bytes(32)).decode() for _ in range(2))
    return json.dumps({"signing": {"1": signing}, "signsWith": 1, "address": address})


class _Cloud:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._session = boto3.Session(
            CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name=REGION
        )

    def client(self, service: str) -> Any:
        make: Any = self._session.client
        return make(service, endpoint_url=self._environ.get(ENDPOINTS[service]))


def _make_table(dynamodb: Any) -> None:
    """As ``docs/data.md`` says."""
    if PREFIX in dynamodb.list_tables()["TableNames"]:
        return
    dynamodb.create_table(
        TableName=PREFIX,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "TPK", "TSK")
        ],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "byTime",
                "KeySchema": [
                    {"AttributeName": "TPK", "KeyType": "HASH"},
                    {"AttributeName": "TSK", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.update_time_to_live(
        TableName=PREFIX, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"}
    )


def _make_queues(sqs: Any) -> dict[str, str]:
    """Send and jobs with their dead-letter queues, and the one for events that ``feedback`` never accepted."""
    variables: dict[str, str] = {}
    for name in ("send", "jobs"):
        dead = _make_queue(sqs, f"{name}-dead")
        redrive = json.dumps(
            {"deadLetterTargetArn": _arn(f"{name}-dead"), "maxReceiveCount": MAX_RECEIVE_COUNT}
        )
        live = _make_queue(sqs, name, VisibilityTimeout=str(VISIBILITY_SECONDS[name]), RedrivePolicy=redrive)
        variables |= {f"ENVOI_{name.upper()}_QUEUE_URL": live, f"ENVOI_{name.upper()}_DEAD_LETTER_URL": dead}
    return {**variables, "ENVOI_FEEDBACK_DEAD_LETTER_URL": _make_queue(sqs, "feedback-dead")}


def _make_queue(sqs: Any, name: str, **attributes: str) -> str:
    retention = {"MessageRetentionPeriod": str(RETENTION_SECONDS)}
    url: str = sqs.create_queue(QueueName=f"{PREFIX}-{name}", Attributes={**retention, **attributes})[
        "QueueUrl"
    ]
    return url


def _arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{PREFIX}-{name}"
