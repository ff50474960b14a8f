"""Data that a removed stack left behind: taken up into the new stack before anything else is made.

Its names are literal, so that CloudFormation could not make it again. What is imported is as the template says, for the
template made it: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-new-stack.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infrastructure.deploy_needs import NotReady, Place
from infrastructure.stages import Stage

_ABSENT = frozenset({"404", "ResourceNotFoundException"})
Imports = Mapping[str, Mapping[str, str]]


def left_behind(session: Any, place: Place, stage: Stage, template: Mapping[str, Any]) -> Imports:
    """What of the template's data exists: by its name in the template, what CloudFormation knows it by.

    Raises:
        NotReady: The keys are about to be deleted: they must be had back first, or waited for.
    """
    looks: Mapping[str, Callable[[], Mapping[str, str] | None]] = {
        "Table": lambda: _table(session.client("dynamodb"), named("Table", "TableName")),
        "KeyRing": lambda: _secret(session.client("secretsmanager"), named("KeyRing", "Name")),
        "Files": lambda: _bucket(session.client("s3"), named("Files", "BucketName"), place.account),
    }

    def named(resource: str, field: str) -> str:
        name: str = template["Resources"][resource]["Properties"][field]["Fn::Sub"]
        known = {"Stage": stage.name, "AWS::AccountId": place.account, "AWS::Region": place.region}
        for key, value in known.items():
            name = name.replace(f"${{{key}}}", value)
        return name

    found = {name: look() for name, look in looks.items() if name in template["Resources"]}
    return {name: identifier for name, identifier in found.items() if identifier is not None}


def _table(dynamodb: Any, name: str) -> Mapping[str, str] | None:
    return {"TableName": name} if _answer(dynamodb, "describe_table", TableName=name) else None


def _secret(vault: Any, name: str) -> Mapping[str, str] | None:
    kept = _answer(vault, "describe_secret", SecretId=name)
    if kept and "DeletedDate" in kept:
        raise NotReady(
            f"the keys are about to be deleted, and with them every link: "
            f"aws secretsmanager restore-secret --secret-id {name}"
        )
    return {"Id": kept["ARN"]} if kept else None


def _bucket(s3: Any, name: str, account: str) -> Mapping[str, str] | None:
    answer = _answer(s3, "head_bucket", Bucket=name, ExpectedBucketOwner=account)
    return {"BucketName": name} if answer else None


def adopting(template: Mapping[str, Any], imports: Imports) -> Mapping[str, Any]:
    """The part of the template that says what is imported: an import may make nothing else."""
    return {
        "Parameters": {"Stage": template["Parameters"]["Stage"]},
        "Resources": {name: template["Resources"][name] for name in imports},
    }


def resources_to_import(template: Mapping[str, Any], imports: Imports) -> list[dict[str, Any]]:
    """As CreateChangeSet wants them."""
    return [
        {
            "ResourceType": template["Resources"][name]["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": dict(identifier),
        }
        for name, identifier in imports.items()
    ]


def _answer(client: Any, operation: str, **asked: str) -> Mapping[str, Any] | None:
    try:
        answer: Mapping[str, Any] = getattr(client, operation)(**asked)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise
    return answer
