"""What feeds what, and who may put something where: a connection that is missing shows on AWS alone, and there as silence."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud.packages import Packaged

ARN = "arn:${AWS::Partition}:"
OURS = "${AWS::Region}:${AWS::AccountId}:"
ACCOUNT = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
DOORS = {
    # https://docs.aws.amazon.com/ses/latest/dg/event-publishing-add-event-destination-sns.html
    "FeedbackTopic": (
        "ses.amazonaws.com",
        "sns:Publish",
        {
            "StringEquals": ACCOUNT,
            "ArnEquals": {"aws:SourceArn": {"Fn::Sub": f"{ARN}ses:{OURS}configuration-set/envoi-${{Stage}}"}},
        },
    ),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    "OperatorsTopic": ("cloudwatch.amazonaws.com", "sns:Publish", {"StringEquals": ACCOUNT}),
    # https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
    "FeedbackDeadLetters": (
        "sns.amazonaws.com",
        "sqs:SendMessage",
        {"ArnEquals": {"aws:SourceArn": {"Ref": "FeedbackTopic"}}},
    ),
}
"""Which service may do what, and on whose behalf; our own functions need no word here, for their roles say it."""
VARIABLES = {
    "ENVOI_TABLE": "Table",
    "ENVOI_SEND_QUEUE_URL": "SendQueue",
    "ENVOI_SEND_DEAD_LETTER_URL": "SendDeadLetters",
    "ENVOI_JOBS_QUEUE_URL": "JobsQueue",
    "ENVOI_JOBS_DEAD_LETTER_URL": "JobsDeadLetters",
    "ENVOI_FEEDBACK_DEAD_LETTER_URL": "FeedbackDeadLetters",
    "ENVOI_FEEDBACK_TOPIC_ARN": "FeedbackTopic",
    "ENVOI_OPERATORS_TOPIC_ARN": "OperatorsTopic",
    "ENVOI_BUCKET": "Files",
    "ENVOI_CONFIGURATION_SET": "ConfigurationSet",
    "ENVOI_KEY_RING_SECRET": "KeyRing",
}
CALLERS = {
    "APIHandler": "apigateway.amazonaws.com",
    "Release": "events.amazonaws.com",
    "Sweep": "events.amazonaws.com",
    "SyncLists": "events.amazonaws.com",
    "Feedback": "sns.amazonaws.com",
}
"""Who calls which function; queues call nobody, for Lambda polls them."""
API_GATEWAY_WAITS = 29  # seconds; https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
SWEEP_PERIOD = 300  # seconds
WEEK = 7  # days


def test_ses_tells_the_topic_that_feedback_hears(package: Packaged) -> None:
    """Of all that goes out under the configuration set that functions name, and not before the topic takes it."""
    (wanted,) = package.of_type("AWS::SES::ConfigurationSet").values()
    assert wanted["Name"] == {"Fn::Sub": "envoi-${Stage}"}
    assert wanted["SendingOptions"] == {"SendingEnabled": True}
    (told,) = package.of_type("AWS::SES::ConfigurationSetEventDestination").values()
    assert told["ConfigurationSetName"] == {"Ref": "ConfigurationSet"}
    assert told["EventDestination"]["Enabled"] is True
    assert told["EventDestination"]["SnsDestination"] == {"TopicARN": {"Ref": "FeedbackTopic"}}
    assert "FeedbackTopicPolicy" in needed(package, "FeedbackEvents")
    (subscription,) = lambda_subscriptions(package)
    (topic,) = (each for name, each in package.of_type("AWS::SNS::Topic").items() if name == "FeedbackTopic")
    assert subscription["TopicArn"] == {"Fn::Sub": f"{ARN}sns:{OURS}{for_prod(topic['TopicName'])}"}
    assert subscription["Endpoint"] == {"Fn::GetAtt": ["Feedback", "Arn"]}


def test_each_door_takes_from_one_service_alone(package: Packaged) -> None:
    """And no topic or queue has another policy, or lacks one that it needs."""
    found = {
        resource: (statement["Principal"]["Service"], statement["Action"], statement["Condition"])
        for resource, statement in statements(package)
    }
    assert found == DOORS


def test_what_a_subscription_cannot_hand_over_may_be_put_aside(package: Packaged) -> None:
    """SNS drops it without a word where the queue does not take it from the topic."""
    (subscription,) = lambda_subscriptions(package)
    queue = subscription["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    assert DOORS[queue][0] == "sns.amazonaws.com"


@pytest.mark.parametrize(("variable", "resource"), VARIABLES.items())
def test_every_variable_names_what_it_says(package: Packaged, variable: str, resource: str) -> None:
    """In every function."""
    for function in package.of_type("AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"][variable] == {"Ref": resource}


def test_whoever_calls_a_function_may(package: Packaged) -> None:
    """The rules are on, and what calls is what is allowed to: a rule by its own ARN, the topic by its own."""
    allowed = package.of_type("AWS::Lambda::Permission").values()
    assert {each["FunctionName"]["Ref"]: each["Principal"] for each in allowed} == CALLERS
    sources = [json.dumps(each["SourceArn"]) for each in allowed]
    rules = package.of_type("AWS::Events::Rule")
    assert len(rules) == list(CALLERS.values()).count("events.amazonaws.com")
    for name, rule in rules.items():
        assert rule.get("State", "ENABLED") == "ENABLED"
        (target,) = rule["Targets"]
        (permission,) = (each for each in allowed if each["SourceArn"] == {"Fn::GetAtt": [name, "Arn"]})
        assert target["Arn"] == {"Fn::GetAtt": [permission["FunctionName"]["Ref"], "Arn"]}
    (subscription,) = lambda_subscriptions(package)
    assert json.dumps(subscription["TopicArn"]) in sources


def test_what_is_wired_by_name_is_made_before(package: Packaged) -> None:
    """Chalice writes names where a reference would do, so that only the functions' variables tell CloudFormation of the order."""
    (subscription,) = (
        name
        for name, each in package.translated["Resources"].items()
        if each["Type"] == "AWS::SNS::Subscription" and each["Properties"]["Protocol"] == "lambda"
    )
    assert {"FeedbackTopic", "Feedback"} <= needed(package, subscription)
    for name, mapping in package.of_type("AWS::Lambda::EventSourceMapping").items():
        queue = {"Deliver": "SendQueue", "Work": "JobsQueue"}[mapping["FunctionName"]["Ref"]]
        assert queue in needed(package, name)


def test_nobody_waits_for_a_function_in_vain(package: Packaged) -> None:
    """The gateway gives up no earlier than the API, and one round of the sweep has ended before the next begins."""
    functions = package.of_type("AWS::Lambda::Function")
    assert functions["APIHandler"]["Timeout"] <= API_GATEWAY_WAITS
    assert functions["Sweep"]["Timeout"] < SWEEP_PERIOD


def test_files_are_private_and_end_after_a_week(package: Packaged) -> None:
    """All of them, unfinished uploads too; they hold people's addresses."""
    (bucket,) = package.of_type("AWS::S3::Bucket").values()
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(blocked, True)
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] == WEEK
    assert rule.keys() == {"Id", "Status", "ExpirationInDays", "AbortIncompleteMultipartUpload"}
    (policy,) = package.of_type("AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (policy["Bucket"], statement["Effect"]) == ({"Ref": "Files"}, "Deny")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": ["Files", "Arn"]}, {"Fn::Sub": "${Files.Arn}/*"}]


def statements(package: Packaged) -> Iterator[tuple[str, Any]]:
    """What policies of topics and queues say, with the one that each is about."""
    for kind, listed in (("AWS::SNS::TopicPolicy", "Topics"), ("AWS::SQS::QueuePolicy", "Queues")):
        for policy in package.of_type(kind).values():
            (resource,) = policy[listed]
            (statement,) = policy["PolicyDocument"]["Statement"]
            assert statement["Effect"] == "Allow"
            assert statement["Resource"] in (
                {"Ref": resource["Ref"]},
                {"Fn::GetAtt": [resource["Ref"], "Arn"]},
            )
            yield resource["Ref"], statement


def lambda_subscriptions(package: Packaged) -> list[Any]:
    """Those of functions."""
    found = package.of_type("AWS::SNS::Subscription").values()
    return [each for each in found if each["Protocol"] == "lambda"]


def for_prod(name: Any) -> str:
    """A name as it is in production."""
    return str(name["Fn::Sub"]).replace("${Stage}", "prod")


def needed(package: Packaged, resource: str) -> set[str]:
    """What CloudFormation makes before this, at any remove."""
    found: set[str] = set()
    waiting = [resource]
    while waiting:
        new = set(_named(package.translated["Resources"].get(waiting.pop(), {}))) - found
        found |= new
        waiting.extend(new)
    return found


def _named(part: Any) -> Iterator[str]:
    match part:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from re.findall(r"\$\{(\w+)[.}]", text)
        case dict():
            depends = part.get("DependsOn", [])
            yield from [depends] if isinstance(depends, str) else depends
            for each in part.values():
                yield from _named(each)
        case list():
            for each in part:
                yield from _named(each)
