"""Which AWS actions each function takes, as the tests drive it: what the policies of ``.chalice/template/roles`` must allow.

Every boto3 client of a test's stage is watched (:func:`watch`), every call of a function is marked (:func:`during`). At the
end of a run ``conftest.py`` compares with the policies (``tests/cloud/policies.py``).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

Parameters = Mapping[str, Any]


class Use(NamedTuple):
    """A function took this action on this resource; the resource is named as in the template."""

    function: str
    action: str
    resource: str


used: set[Use] = set()
"""Of this process, whatever the test."""

_functions: list[str] = []
"""The one that runs; not a context variable, for what functions do in threads is theirs, too."""


@contextmanager
def during(function: str) -> Iterator[None]:
    """Within this, what clients do is done by the function of this name."""
    _functions.append(function)
    try:
        yield
    finally:
        _functions.pop()


def watch(client: Any) -> Any:
    """Note what this client is asked for; answers the same client."""
    # First of all: others take the parameters away (storage/fast_client.py, mail/raw_call.py).
    client.meta.events.register_first("before-parameter-build", _note, unique_id="envoi-actions")
    return client


def _note(params: Parameters, model: Any, **_: Any) -> None:
    if _functions:
        found = MAP[model.service_model.service_name](model.name, params)
        used.update(Use(_functions[-1], action, resource) for action, resource in found)


def _dynamodb(operation: str, params: Parameters) -> Iterator[tuple[str, str]]:
    """A transaction takes the permissions of its parts.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """
    if operation == "TransactWriteItems":
        parts = {"ConditionCheck": "ConditionCheckItem"}
        for item in params["TransactItems"]:
            for verb in item:
                yield f"dynamodb:{parts.get(verb, f'{verb}Item')}", "Table"
        return
    yield f"dynamodb:{operation}", "Index" if "IndexName" in params else "Table"


def _sqs(operation: str, params: Parameters) -> Iterator[tuple[str, str]]:
    """A batch takes the permission of one message: API_SendMessageBatch."""
    name = params["QueueUrl"].rpartition("/")[2].removeprefix("envoi-dev-")
    kind, _, dead = name.partition("-")
    resource = f"{kind.title()}{'DeadLetters' if dead else 'Queue'}"
    yield f"sqs:{operation.removesuffix('Batch')}", resource


def _sesv2(operation: str, _: Parameters) -> Iterator[tuple[str, str]]:
    """Whether an action has resources: service-authorization/latest/reference/list_amazonsimpleemailservicev2.html.

    A call of the second API also takes the action of the first one that does the same:
    https://anymail.dev/en/stable/esps/amazon_ses/#iam-permissions.
    """
    if operation == "SendBulkEmail":
        for action in ("SendBulkEmail", "SendBulkTemplatedEmail"):
            for resource in ("identity/*", "template/*", "ConfigurationSet"):
                yield f"ses:{action}", resource
        return
    has_resource = {"GetEmailIdentity"}
    yield f"ses:{operation}", "identity/*" if operation in has_resource else "*"


def _events(operation: str, _: Parameters) -> Iterator[tuple[str, str]]:
    yield f"events:{operation}", "release"


def _secretsmanager(operation: str, _: Parameters) -> Iterator[tuple[str, str]]:
    yield f"secretsmanager:{operation}", "KeyRing"


def _sns(operation: str, _: Parameters) -> Iterator[tuple[str, str]]:
    yield f"sns:{operation}", "OperatorsTopic"


def _s3(operation: str, _: Parameters) -> Iterator[tuple[str, str]]:
    """Parts of an upload take the permission of the whole.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    """
    actions = {
        "CompleteMultipartUpload": "PutObject",
        "CreateMultipartUpload": "PutObject",
        "HeadObject": "GetObject",
        "UploadPart": "PutObject",
    }
    yield f"s3:{actions.get(operation, operation)}", "Files/*"


MAP: Mapping[str, Callable[[str, Parameters], Iterator[tuple[str, str]]]] = {
    "dynamodb": _dynamodb,
    "events": _events,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "sesv2": _sesv2,
    "sns": _sns,
    "sqs": _sqs,
}
"""Operation and parameters to actions and resources, by boto3's name of the service."""
