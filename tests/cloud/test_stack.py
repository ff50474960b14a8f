"""The template deployed on moto: what stands is what the code uses."""

import json
from typing import Any

import boto3
import pytest

from chalicelib.settings import Environment
from chalicelib.storage.key_ring import key_ring
from devstack import resources
from tests.cloud.packages import Packaged
from tests.cloud.policies import FUNCTIONS
from tests.cloud.stacks import Stack

TRIGGERS = {"release": "rate(1 hour)", "sweep": "rate(5 minutes)", "sync_lists": "rate(1 day)"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_knows_its_stage(stack: Stack, function: str) -> None:
    """Every variable that ``settings.py`` reads has a value, but for the first admin's token, which is no variable in the cloud.

    This stage has no user pool: that variable is there, and empty.
    """
    variables = stack.variables(function)
    assert variables["ENVOI_COGNITO_USER_POOL_ARN"] == ""
    environment = Environment.from_env(variables)
    missing = {name for name in Environment.__dataclass_fields__ if not getattr(environment, name)}
    assert missing == {"first_admin_token", "user_pool_arn"}
    assert environment.stage == "prod"
    assert environment.public_url == stack.outputs["PublicUrl"]
    assert environment.public_url.endswith(".amazonaws.com/api")


def test_the_table_is_that_of_the_tests(stack: Stack) -> None:
    """Keys and index as in the local cloud, where ``storage/`` is tested."""
    dynamodb = boto3.client("dynamodb")
    resources._make_table(dynamodb)

    def shape(name: str) -> dict[str, Any]:
        table: Any = dynamodb.describe_table(TableName=name)["Table"]
        kept = {key: table[key] for key in ("KeySchema", "AttributeDefinitions")}
        indexes = [
            {key: each[key] for key in ("IndexName", "KeySchema", "Projection")}
            for each in table["GlobalSecondaryIndexes"]
        ]
        billing = table["BillingModeSummary"]["BillingMode"]
        return kept | {"indexes": indexes, "billing": billing}

    assert shape(stack.outputs["TableName"]) == shape(resources.PREFIX)


def test_the_queues_are_those_of_the_local_cloud(stack: Stack) -> None:
    """Names, visibility, attempts, retention."""
    sqs = boto3.client("sqs")
    local = resources._make_queues(sqs)

    def shape(url: str) -> dict[str, Any]:
        found: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        redrive = json.loads(found.get("RedrivePolicy", "{}")).get("maxReceiveCount")
        kept = {name: found[name] for name in ("VisibilityTimeout", "MessageRetentionPeriod")}
        return kept | {"attempts": int(redrive or 0), "name": url.rpartition("-")[2]}

    variables = stack.variables("sweep")
    for variable, url in local.items():
        assert shape(variables[variable]) == shape(url)


@pytest.mark.parametrize(("function", "queue"), [("deliver", "send"), ("work", "jobs")])
def test_queues_call_their_functions(stack: Stack, function: str, queue: str) -> None:
    """One message a call, and no more calls at once than the code says."""
    (mapping,) = boto3.client("lambda").list_event_source_mappings(FunctionName=f"envoi-prod-{function}")[
        "EventSourceMappings"
    ]
    assert mapping["EventSourceArn"].endswith(f":envoi-prod-{queue}")
    assert mapping["BatchSize"] == 1


@pytest.mark.parametrize("function", sorted(TRIGGERS))
def test_the_clock_calls_its_functions(stack: Stack, function: str) -> None:
    """By a rule whose name the code knows: the administrator's schedule is written to it."""
    events = boto3.client("events")
    rule = events.describe_rule(Name=f"envoi-prod-{function}")
    assert rule["ScheduleExpression"] == TRIGGERS[function]
    (target,) = events.list_targets_by_rule(Rule=f"envoi-prod-{function}")["Targets"]
    assert target["Arn"].endswith(f":function:envoi-prod-{function}")
    assert stack.variables("sweep")["ENVOI_RELEASE_RULE"] == "envoi-prod-release"


def test_the_topic_calls_feedback(stack: Stack) -> None:
    """And what it cannot hand over is kept."""
    sns = boto3.client("sns")
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=stack.outputs["FeedbackTopicArn"])[
        "Subscriptions"
    ]
    assert subscription["Endpoint"].endswith(":function:envoi-prod-feedback")
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])[
        "Attributes"
    ]
    dead = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
    assert dead.endswith(":envoi-prod-feedback-dead")


def test_the_key_ring_is_made_once_and_read_as_it_is(stack: Stack) -> None:
    """CloudFormation makes one random text; the keys are derived from it."""
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=stack.outputs["KeyRingSecret"])
    ring = key_ring(secret["SecretString"])
    assert ring.signs_with == 1
    assert ring.address != ring.signing[1]


def test_no_deployment_makes_other_keys(package: Packaged) -> None:
    """A change of this property is a new secret in the old one's place: whoever comes here to change the line must not."""
    (secret,) = package.of_type("AWS::SecretsManager::Secret").values()
    assert secret["GenerateSecretString"] == {
        "SecretStringTemplate": "{}",
        "GenerateStringKey": "seed",
        "PasswordLength": 64,
        "ExcludePunctuation": True,
    }
    assert "SecretString" not in secret


def test_no_secret_is_in_the_template(package: Packaged) -> None:
    """Nor resolved into it when it is deployed: a stack's template can be read by many."""
    text = json.dumps(package.template)
    assert "{{resolve:" not in text
    assert "ENVOI_ADMIN_TOKEN" not in text
