"""An account that answers as a script says, call by call, each answer held against AWS's own description of the service."""

from types import TracebackType
from typing import Any, Self

import boto3
from botocore.stub import ANY, Stubber

REGION = "eu-west-1"
STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/envoi-prod/1"
CHANGE_SET = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/deploy/1"


class Scripted:
    """A client whose calls must come as they stand here, in this order, all of them."""

    def __init__(self, service: str) -> None:
        make: Any = boto3.client
        self.client = make(
            service, region_name=REGION, aws_access_key_id="key", aws_secret_access_key="secret"
        )
        self._stubber = Stubber(self.client)

    def answers(self, operation: str, answer: dict[str, Any], **expected: Any) -> Self:
        """The next call: what is expected of it (only these parameters are looked at) and its answer."""
        self._stubber.add_response(operation, answer, {**expected} if expected else None)
        return self

    def refuses(self, operation: str, code: str, message: str = "", status: int = 400) -> Self:
        """The next call fails."""
        self._stubber.add_client_error(operation, code, message, status)
        return self

    def stack(self, status: str | None, **outputs: str) -> Self:
        """The next question after the stack; None for none."""
        if status is None:
            return self.refuses(
                "describe_stacks", "ValidationError", "Stack with id envoi-prod does not exist"
            )
        told = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]
        return self.answers(
            "describe_stacks",
            {
                "Stacks": [
                    {
                        "StackName": "envoi-prod",
                        "CreationTime": "2026-01-01T00:00:00Z",
                        "StackStatus": status,
                        "Outputs": told,
                    }
                ]
            },
        )

    def events(self, *events: tuple[str, str, str, str]) -> Self:
        """The next question after what happened: (event id, resource, status, reason), newest first."""
        told = [
            {
                "StackId": STACK_ID,
                "EventId": identity,
                "StackName": "envoi-prod",
                "LogicalResourceId": name,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "Timestamp": "2026-01-01T00:00:00Z",
            }
            for identity, name, status, reason in events
        ]
        return self.answers("describe_stack_events", {"StackEvents": told})

    def change_set(self, status: str, reason: str = "", *changes: dict[str, str], more: str = "") -> Self:
        """The next question after the change set."""
        told = [{"Type": "Resource", "ResourceChange": change} for change in changes]
        answer = {"ChangeSetId": CHANGE_SET, "Status": status, "StatusReason": reason, "Changes": told}
        return self.answers("describe_change_set", {**answer, "NextToken": more} if more else answer)

    def __enter__(self) -> Self:
        self._stubber.activate()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._stubber.assert_no_pending_responses()
        self._stubber.deactivate()


ANYTHING: Any = ANY
