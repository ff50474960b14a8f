"""A change set through all that CloudFormation may answer."""

from dataclasses import replace

import pytest

from infrastructure.deploy_changes import (
    CAPABILITIES,
    LONGEST,
    POLL,
    Change,
    ChangeSet,
    ChangesFailed,
    carry_out,
    propose,
)
from infrastructure.stages import read_stage
from infrastructure.template import merge_template
from tests.infrastructure.scripted import ANYTHING, CHANGE_SET, STACK_ID, Scripted

TABLE = {"Action": "Add", "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table"}
QUEUE = {
    "Action": "Modify",
    "LogicalResourceId": "SendQueue",
    "ResourceType": "AWS::SQS::Queue",
    "Replacement": "False",
}
READY = ChangeSet(CHANGE_SET, "envoi-prod", ())
MADE = {"Id": CHANGE_SET, "StackId": STACK_ID}
URL = "https://s3.eu-west-1.amazonaws.com/bucket/template.json"


def proposed(script: Scripted) -> ChangeSet | None:
    waits: list[float] = []
    return propose(script.client, "envoi-prod", URL, {"LogDays": "90"}, name="deploy", sleep=waits.append)


def asked_for(**more: str) -> dict[str, object]:
    return {
        "StackName": "envoi-prod",
        "ChangeSetName": "deploy",
        "TemplateURL": URL,
        "Parameters": [{"ParameterKey": "LogDays", "ParameterValue": "90"}],
        "Capabilities": CAPABILITIES,
        **more,
    }


@pytest.mark.parametrize("status", [None, "REVIEW_IN_PROGRESS"])
def test_a_stack_that_there_is_not_is_made(status: str | None) -> None:
    """And stays as far as it got if that fails, for its table would stand in the way of another attempt."""
    script = Scripted("cloudformation").stack(status)
    script.answers("create_change_set", MADE, **asked_for(ChangeSetType="CREATE"))
    script.change_set("CREATE_PENDING").change_set("CREATE_COMPLETE").change_set("CREATE_COMPLETE", "", TABLE)
    with script:
        made = proposed(script)
    changes = [Change("Add", "Table", "AWS::DynamoDB::Table", "")]
    assert made == ChangeSet(CHANGE_SET, "envoi-prod", changes, keeps=True)


@pytest.mark.parametrize(
    ("status", "keeps"),
    [
        ("CREATE_COMPLETE", False),
        ("IMPORT_COMPLETE", False),
        ("UPDATE_ROLLBACK_COMPLETE", False),
        ("CREATE_FAILED", True),
        ("UPDATE_FAILED", True),
    ],
)
def test_a_stack_that_there_is_is_changed(status: str, *, keeps: bool) -> None:
    """All pages of the changes are read. One whose first deployment failed goes on from there, however often."""
    script = Scripted("cloudformation").stack(status)
    script.answers("create_change_set", MADE, **asked_for(ChangeSetType="UPDATE"))
    script.change_set("CREATE_COMPLETE")
    script.change_set("CREATE_COMPLETE", "", TABLE, more="2").change_set("CREATE_COMPLETE", "", QUEUE)
    with script:
        made = proposed(script)
    assert made is not None
    assert [change.name for change in made.changes] == ["Table", "SendQueue"]
    assert made.keeps is keeps


def test_what_never_stood_is_not_rolled_back() -> None:
    """It could not be: CloudFormation refuses to go on from a failed creation unless it is told so."""
    script = Scripted("cloudformation").events()
    script.answers(
        "execute_change_set",
        {},
        ChangeSetName=CHANGE_SET,
        StackName="envoi-prod",
        DisableRollback=True,
    )
    script.stack("CREATE_FAILED").events(("2", "Domain", "CREATE_FAILED", "no such certificate"))
    with script, pytest.raises(ChangesFailed, match="Domain: no such certificate"):
        carry_out(script.client, replace(READY, keeps=True))


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_no_change_is_no_error(reason: str) -> None:
    """And leaves no change set behind."""
    script = Scripted("cloudformation").stack("UPDATE_COMPLETE")
    script.answers("create_change_set", MADE).change_set("FAILED", reason)
    script.answers("delete_change_set", {}, ChangeSetName=CHANGE_SET, StackName="envoi-prod")
    with script:
        assert proposed(script) is None


def test_what_cloudformation_refuses_is_told() -> None:
    """In its own words."""
    script = Scripted("cloudformation").stack("UPDATE_COMPLETE")
    script.answers("create_change_set", MADE).change_set("FAILED", "Transform failed with: no CodeUri")
    script.answers("delete_change_set", {}, ChangeSetName=ANYTHING, StackName=ANYTHING)
    with script, pytest.raises(ChangesFailed, match="no CodeUri"):
        proposed(script)


@pytest.mark.parametrize("end", ["CREATE_COMPLETE", "UPDATE_COMPLETE"])
def test_it_is_waited_for(end: str) -> None:
    """Until the stack stands; tidying up after an update is part of it."""
    script = Scripted("cloudformation").events()
    script.answers("execute_change_set", {}, ChangeSetName=CHANGE_SET, StackName="envoi-prod")
    script.stack("UPDATE_IN_PROGRESS").stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS").stack(end)
    waits: list[float] = []
    with script:
        carry_out(script.client, READY, sleep=waits.append)
    assert waits == [POLL, POLL]


def test_what_failed_is_told_with_its_reason() -> None:
    """Of this deployment, not of one before; the first thing that went wrong comes first."""
    old = ("1", "Topic", "CREATE_FAILED", "long ago")
    script = Scripted("cloudformation").events(old)
    script.answers("execute_change_set", {})
    script.stack("UPDATE_ROLLBACK_IN_PROGRESS").stack("UPDATE_ROLLBACK_COMPLETE")
    script.events(
        ("4", "envoi-prod", "UPDATE_ROLLBACK_COMPLETE", ""),
        ("3", "Work", "UPDATE_FAILED", "Resource update cancelled"),
        ("2", "Deliver", "UPDATE_FAILED", "the role is missing"),
        old,
    )
    with script, pytest.raises(ChangesFailed) as failure:
        carry_out(script.client, READY, sleep=lambda _: None)
    assert str(failure.value).splitlines() == [
        "the stack envoi-prod is UPDATE_ROLLBACK_COMPLETE",
        "Deliver: the role is missing",
        "Work: Resource update cancelled",
    ]


def test_nothing_is_waited_for_forever() -> None:
    """An hour, then the person is told how it stands."""
    script = Scripted("cloudformation").events().answers("execute_change_set", {})
    for _ in range(LONGEST // POLL):
        script.stack("UPDATE_IN_PROGRESS")
    script.events()
    with script, pytest.raises(ChangesFailed, match="UPDATE_IN_PROGRESS"):
        carry_out(script.client, READY, sleep=lambda _: None)


@pytest.mark.parametrize(
    ("action", "replacement", "removes"),
    [
        ("Add", "", False),
        ("Modify", "False", False),
        ("Modify", "Conditional", True),
        ("Modify", "True", True),
        ("Remove", "", True),
    ],
)
def test_what_goes_is_known(action: str, replacement: str, *, removes: bool) -> None:
    """A replacement is a removal, and a possible one is shown as such."""
    change = Change(action, "Table", "AWS::DynamoDB::Table", replacement)
    assert change.removes is removes
    assert ("replaced" in str(change)) is (replacement in ("True", "Conditional"))


def test_no_role_has_a_name_of_its_own() -> None:
    """Otherwise another capability would have to be acknowledged."""
    assert CAPABILITIES == ["CAPABILITY_IAM"]
    resources = merge_template(read_stage("prod"))["Resources"].values()
    roles = [each["Properties"] for each in resources if each.get("Type") == "AWS::IAM::Role"]
    assert len(roles) > 5
    assert not any("RoleName" in role for role in roles)
