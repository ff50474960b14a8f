"""The policies beside what a run of all tests asks of them (``whole_run.py``): whose they are, and that the asking finds faults."""

import pytest

from infrastructure.stages import read_stage
from infrastructure.template import merge_template
from tests.actions import Use
from tests.cloud.packages import Packaged
from tests.cloud.policies import FUNCTIONS, LAMBDAS_OWN, allowed, logical
from tests.cloud.whole_run import differences

WITHOUT_RESOURCE = {"ses:DeleteSuppressedDestination", "ses:GetAccount", "ses:ListEmailIdentities"}
"""Of these AWS knows none: service-authorization/latest/reference/list_amazonsimpleemailservicev2.html."""
READS = Use("sweep", "dynamodb:GetItem", "Table")
LOGS = Use("sweep", "logs:PutLogEvents", "SweepLogs")


def test_each_function_has_its_own_role_and_log(package: Packaged) -> None:
    """The policies that are looked at are those that it runs under, and its role may write to that log alone."""
    found = package.of_type("AWS::Lambda::Function").values()
    made = {each["FunctionName"]["Fn::Sub"].removeprefix("envoi-${Stage}-"): each for each in found}
    assert set(made) == set(FUNCTIONS)
    for name, function in made.items():
        assert function["Role"] == {"Fn::GetAtt": [f"{logical(name)}Role", "Arn"]}
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{logical(name)}Logs"}


def test_nothing_else_gives_a_role_anything() -> None:
    """Neither a policy of AWS's nor one beside its own: only these are compared with what functions did."""
    resources = merge_template(read_stage("prod"))["Resources"].values()
    roles = [each["Properties"] for each in resources if each.get("Type") == "AWS::IAM::Role"]
    assert len(roles) == len(FUNCTIONS)
    for role in roles:
        assert role.keys() == {"AssumeRolePolicyDocument", "Policies"}
        assert len(role["Policies"]) == 1
    assert not {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"} & {each.get("Type") for each in resources}


def test_a_star_stands_only_where_there_is_no_resource() -> None:
    """And never for an action."""
    assert {use.action for use in allowed() if use.resource == "*"} == WITHOUT_RESOURCE
    assert [use for use in allowed() if "*" in use.action] == []


@pytest.mark.parametrize("function", ["api", "deliver"])
@pytest.mark.parametrize("action", ["ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"])
def test_whoever_sends_may_do_all_that_ses_asks_for(function: str, action: str) -> None:
    """Both actions, on sender, template and configuration set; with less, every call is refused, and only on AWS."""
    resources = {use.resource for use in allowed() if (use.function, use.action) == (function, action)}
    assert resources == {"identity/*", "template/*", "ConfigurationSet"}


def test_what_lambda_needs_is_allowed_and_has_its_page() -> None:
    """Else a function polls no queue, or keeps no failure."""
    assert LAMBDAS_OWN.keys() <= allowed()
    assert all(page.startswith("https://docs.aws.amazon.com/") for page in LAMBDAS_OWN.values())


def test_what_no_policy_allows_is_told() -> None:
    """After any run, whole or not."""
    (told,) = differences({READS}, set(), exactly=False)
    assert told == "sweep took dynamodb:GetItem on Table, which its policy does not allow"


def test_what_is_allowed_and_never_done_is_told() -> None:
    """After a whole run; what Lambda does itself no test can see."""
    assert list(differences(set(), {READS, LOGS}, exactly=False)) == []
    assert list(differences(set(), {READS, LOGS}, exactly=True)) == [
        "sweep may dynamodb:GetItem on Table, and never did"
    ]
    assert list(differences({READS}, {READS, LOGS}, exactly=True)) == []
