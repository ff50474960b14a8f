"""One change set: made, shown, carried out, and what went wrong if it did."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

POLL = 5  # seconds between two questions
LONGEST = 60 * 60  # seconds; a table with an index and a domain take minutes
# Roles have no names of their own, so that this is enough; the Serverless transform is expanded in the change set.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
CAPABILITIES = ["CAPABILITY_IAM"]
# What CloudFormation says of a change set that changes nothing: there is no code for it, only these sentences.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-create.html
_NOTHING = ("didn't contain changes", "No updates are to be performed")
# A first deployment that fails is not rolled back, for the table and the keys would stay and stand in the way of the next one:
# what failed is mended and deployed again. CloudFormation goes on from such a stack only if it need not roll back then either,
# and not at all where the change set that made it said OnStackFailure.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
# https://github.com/ansible-collections/amazon.aws/issues/1655 https://github.com/code-dot-org/code-dot-org/pull/68524
_NEVER_STOOD = frozenset({None, "REVIEW_IN_PROGRESS", "CREATE_FAILED", "UPDATE_FAILED"})
Sleep = Callable[[float], None]


class ChangesFailed(RuntimeError):
    """CloudFormation refused the change set or could not carry it out; the message has its reasons."""


@dataclass(frozen=True)
class Change:
    """What happens to one resource; ``replacement`` is True, False, Conditional or empty, in CloudFormation's words."""

    action: str
    name: str
    kind: str
    replacement: str

    @property
    def removes(self) -> bool:
        """Whether what is there now goes, or may go."""
        return self.action == "Remove" or self.replacement in ("True", "Conditional")

    def __str__(self) -> str:
        note = {"True": "replaced", "Conditional": "perhaps replaced"}.get(self.replacement, "")
        return f"  {self.action:<8} {self.name:<40} {self.kind:<48} {note}".rstrip()


@dataclass(frozen=True)
class ChangeSet:
    """A change set that can be carried out; ``keeps`` is whether what it has made stays when something fails."""

    id: str
    stack: str
    changes: Sequence[Change]
    keeps: bool = False


def stack_status(cloudformation: Any, stack: str) -> str | None:
    """A stack's status; None when there is none."""
    try:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    status: str = found["StackStatus"]
    return status


def outputs(cloudformation: Any, stack: str) -> Mapping[str, str]:
    """What a stack answers."""
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}


def propose(
    cloudformation: Any,
    stack: str,
    template_url: str,
    parameters: Mapping[str, str],
    *,
    name: str,
    imports: Sequence[Mapping[str, Any]] = (),
    sleep: Sleep = time.sleep,
) -> ChangeSet | None:
    """Have a change set made; None when nothing would change. ``imports`` are taken up, and nothing else is done then.

    Raises:
        ChangesFailed: CloudFormation refused it.
    """
    status = stack_status(cloudformation, stack)
    made = cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        TemplateURL=template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=CAPABILITIES,
        **_kind(status, imports),
    )
    if not _is_ready(cloudformation, stack, made["Id"], sleep):
        return None
    changes = list(_changes(cloudformation, stack, made["Id"]))
    return ChangeSet(made["Id"], stack, changes, keeps=status in _NEVER_STOOD and not imports)


def _kind(status: str | None, imports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if imports:
        return {"ChangeSetType": "IMPORT", "ResourcesToImport": imports}
    return {"ChangeSetType": "CREATE" if status in (None, "REVIEW_IN_PROGRESS") else "UPDATE"}


def _is_ready(cloudformation: Any, stack: str, identity: str, sleep: Sleep) -> bool:
    """Wait for it; False when nothing would change, and then it is gone."""
    for _ in range(LONGEST // POLL):
        found = cloudformation.describe_change_set(ChangeSetName=identity, StackName=stack)
        if found["Status"] == "FAILED":
            cloudformation.delete_change_set(ChangeSetName=identity, StackName=stack)
            if any(sentence in found.get("StatusReason", "") for sentence in _NOTHING):
                return False
            raise ChangesFailed(f"CloudFormation refused the changes: {found.get('StatusReason', '')}")
        if found["Status"] == "CREATE_COMPLETE":
            return True
        sleep(POLL)
    raise ChangesFailed("CloudFormation did not finish the change set in an hour")


def _changes(cloudformation: Any, stack: str, identity: str) -> Iterator[Change]:
    page: Mapping[str, Any] = {"NextToken": None}
    while "NextToken" in page:
        token = {"NextToken": page["NextToken"]} if page["NextToken"] else {}
        page = cloudformation.describe_change_set(ChangeSetName=identity, StackName=stack, **token)
        for each in page["Changes"]:
            change = each["ResourceChange"]
            yield Change(
                change["Action"],
                change["LogicalResourceId"],
                change["ResourceType"],
                change.get("Replacement", ""),
            )


def discard(cloudformation: Any, changes: ChangeSet) -> None:
    """Take it back; nothing was done."""
    cloudformation.delete_change_set(ChangeSetName=changes.id, StackName=changes.stack)


def carry_out(cloudformation: Any, changes: ChangeSet, *, sleep: Sleep = time.sleep) -> None:
    """Do it, and wait until it is done.

    Raises:
        ChangesFailed: A resource could not be made or changed; an update was rolled back, a first deployment stands as it is.
    """
    before = {event["EventId"] for event in _events(cloudformation, changes.stack)}
    kept = {"DisableRollback": True} if changes.keeps else {}
    cloudformation.execute_change_set(ChangeSetName=changes.id, StackName=changes.stack, **kept)
    status: str | None = None
    for _ in range(LONGEST // POLL):
        status = stack_status(cloudformation, changes.stack)
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"):
            return
        if status is None or not status.endswith("_IN_PROGRESS"):
            break
        sleep(POLL)
    reasons = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in _events(cloudformation, changes.stack)
        if event["EventId"] not in before and event["ResourceStatus"].endswith("_FAILED")
    ]
    raise ChangesFailed("\n".join([f"the stack {changes.stack} is {status}", *reversed(reasons)]))


def _events(cloudformation: Any, stack: str) -> Iterator[Mapping[str, Any]]:
    """Newest first."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    for page in pages:
        yield from page["StackEvents"]
