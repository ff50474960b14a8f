"""The policies of ``.chalice/template/roles`` as sets of (function, action, resource), and what Lambda itself needs of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infrastructure.stages import read_stage
from infrastructure.template import merge_template
from tests.actions import Use

LOGS = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"
POLLING = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
FAILURES = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"
FUNCTIONS = ("api", "deliver", "feedback", "release", "sweep", "sync_lists", "work")
QUEUES = {"deliver": "SendQueue", "work": "JobsQueue"}


def logical(function: str) -> str:
    """A function's name as it is in the names of its role and its logs."""
    return "".join(part.title() for part in function.split("_"))


LAMBDAS_OWN: Mapping[Use, str] = {
    **{
        Use(function, f"logs:{action}", f"{logical(function)}Logs"): LOGS
        for function in FUNCTIONS
        for action in ("CreateLogStream", "PutLogEvents")
    },
    **{
        Use(function, f"sqs:{action}", queue): POLLING
        for function, queue in QUEUES.items()
        for action in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
    },
    Use("feedback", "sqs:SendMessage", "FeedbackDeadLetters"): FAILURES,
}
"""What Lambda does with a function's role, with AWS's page."""

_SUBSTITUTED = {
    "${Table.Arn}/index/byTime": "Index",
    "${Files.Arn}/*": "Files/*",
    "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*": "identity/*",
    "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:template/*": "template/*",
    "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/envoi-${Stage}": "ConfigurationSet",
    "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/envoi-${Stage}-release": "release",
}


def allowed() -> set[Use]:
    """What the policies allow."""
    resources = merge_template(read_stage("prod"))["Resources"]
    return {
        use
        for function in FUNCTIONS
        for use in _of_role(function, resources[f"{logical(function)}Role"]["Properties"])
    }


def _of_role(function: str, role: Mapping[str, Any]) -> Iterator[Use]:
    (policy,) = role["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Use(function, action, _named(resource))


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _named(resource: Any) -> str:
    match resource:
        case {"Fn::GetAtt": [name, "Arn"]} | {"Ref": name}:
            return str(name)
        case {"Fn::Sub": text}:
            return _SUBSTITUTED[text]
    return str(resource)
