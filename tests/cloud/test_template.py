"""The merged template as it would go to CloudFormation."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infrastructure.stages import Stage, UnknownStage, read_stage
from infrastructure.template import PARTS, merge_template, untied
from tests.cloud.packages import Packaged

SQS_VISIBILITY_TIMES_TIMEOUT = 6  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
TEMPLATE_LIMIT = 1_000_000  # bytes; https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
EVENT_TYPES = {
    "SEND",
    "DELIVERY",
    "DELIVERY_DELAY",
    "BOUNCE",
    "COMPLAINT",
    "REJECT",
    "RENDERING_FAILURE",
    "SUBSCRIPTION",
}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_cfn_lint_finds_nothing(package: Packaged, stage: str, tmp_path: Path) -> None:
    """Not an error, not a warning, for every stage of the configuration."""
    from cfnlint.api import lint  # noqa: PLC0415 - slow to import

    template = package.template | {"Parameters": merge_template(read_stage(stage))["Parameters"]}
    assert [str(match) for match in lint(json.dumps(template))] == []


def test_it_is_within_the_limits(package: Packaged) -> None:
    """After AWS has translated it, too."""
    for template in (package.template, package.translated):
        assert len(json.dumps(template)) < TEMPLATE_LIMIT
    assert len(package.translated["Resources"]) < 500


def test_a_queues_visibility_outlasts_six_calls(package: Packaged) -> None:
    """Else a message comes again while its function still works on it."""
    functions, queues = package.of_type("AWS::Lambda::Function"), package.of_type("AWS::SQS::Queue")
    mappings = package.of_type("AWS::Lambda::EventSourceMapping").values()
    assert mappings
    for mapping in mappings:
        name = mapping["EventSourceArn"]["Fn::Sub"].rpartition(":")[2]
        (queue,) = (each for each in queues.values() if named(each["QueueName"]) == name)
        timeout = functions[mapping["FunctionName"]["Ref"]]["Timeout"]
        assert queue["VisibilityTimeout"] >= SQS_VISIBILITY_TIMES_TIMEOUT * timeout
        assert mapping["BatchSize"] == 1


def test_what_failed_is_kept(package: Packaged) -> None:
    """Every queue that a function empties has dead letters, kept for SQS's longest time; so have the events."""
    queues = package.of_type("AWS::SQS::Queue")
    live = {name: each for name, each in queues.items() if "DeadLetters" not in name}
    assert {each["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for each in live.values()} == {
        f"{name.removesuffix('Queue')}DeadLetters" for name in live
    }
    assert {each["MessageRetentionPeriod"] for each in queues.values()} == {1_209_600}
    (subscription,) = (
        each for each in package.of_type("AWS::SNS::Subscription").values() if each["Protocol"] == "lambda"
    )
    dead = {"Fn::GetAtt": ["FeedbackDeadLetters", "Arn"]}
    assert subscription["RedrivePolicy"] == {"deadLetterTargetArn": dead}
    configs = package.of_type("AWS::Lambda::EventInvokeConfig")
    assert configs["FeedbackEventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"] == dead


def test_ses_tells_of_all_but_opens_and_clicks(package: Packaged) -> None:
    """These two are Envoi's own; SES's would rewrite the links."""
    (destination,) = package.of_type("AWS::SES::ConfigurationSetEventDestination").values()
    assert set(destination["EventDestination"]["MatchingEventTypes"]) == EVENT_TYPES


def test_the_data_outlives_the_stack(package: Packaged) -> None:
    """Table, key ring and files; without the key ring every link that is out is dead."""
    kept = {
        name
        for name, each in package.translated["Resources"].items()
        if each.get("DeletionPolicy") == each.get("UpdateReplacePolicy") == "Retain"
    }
    assert kept == {"Table", "KeyRing", "Files"}
    assert package.of_type("AWS::DynamoDB::Table")["Table"]["DeletionProtectionEnabled"] is True


def test_the_table_can_be_restored_and_forgets(package: Packaged) -> None:
    """To any second of 35 days; and what has an end is deleted after it."""
    table = package.of_type("AWS::DynamoDB::Table")["Table"]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_what_waits_is_encrypted(package: Packaged) -> None:
    """Events that failed hold addresses."""
    assert {each["SqsManagedSseEnabled"] for each in package.of_type("AWS::SQS::Queue").values()} == {True}


def test_a_stage_to_try_things_on_leaves_nothing() -> None:
    """``"keep_data": false`` in the configuration."""
    resources = merge_template(read_stage("dev"))["Resources"]
    assert {each.get("DeletionPolicy") for each in resources.values()} == {None, "Delete"}
    assert "DeletionProtectionEnabled" not in resources["Table"]["Properties"]


def test_a_package_is_for_one_stage(package: Packaged) -> None:
    """Chalice wires literal names, so the parameter cannot say another stage."""
    assert package.template["Parameters"]["Stage"]["AllowedValues"] == ["prod"]
    assert "envoi-dev" not in json.dumps(package.template)


def test_a_stage_that_is_not_configured_is_refused() -> None:
    """By name, with those that there are."""
    with pytest.raises(UnknownStage, match=r"'staging'.*dev, prod"):
        read_stage("staging")


def test_a_stage_must_bear_its_own_name(tmp_path: Path) -> None:
    """Chalice would wire the queues of another stage."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"stages": {"one": {"environment_variables": {"ENVOI_STAGE": "two"}}}}))
    with pytest.raises(ValueError, match="ENVOI_STAGE='one'"):
        read_stage("one", config)


def test_a_parameter_that_there_is_not_is_refused() -> None:
    """A slip in the configuration would otherwise change nothing, silently."""
    with pytest.raises(ValueError, match="no parameter LogDay"):
        merge_template(Stage("prod", {"LogDay": "3"}, keep_data=True))


def test_two_parts_cannot_contradict(tmp_path: Path) -> None:
    """One of them would win by its file's name."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("Resources: {Table: {Type: X}}")
    with pytest.raises(ValueError, match=r"b\.yaml.*Type"):
        merge_template(Stage("prod", {}, keep_data=True), tmp_path)


def test_every_path_goes_to_the_api(package: Packaged) -> None:
    """By the function's literal name: functions are told the API's address, so the API must not wait for one of them."""
    body = json.dumps(package.of_type("AWS::ApiGateway::RestApi")["RestAPI"]["Body"])
    functions = set(re.findall(r"function:([^/]+)/invocations", body))
    assert functions == {"envoi-${Stage}-api"}
    assert "APIHandler" not in body
    assert package.of_type("AWS::Lambda::Function")["APIHandler"]["FunctionName"] == {
        "Fn::Sub": "envoi-${Stage}-api"
    }


def test_nothing_but_the_apis_function_is_untied() -> None:
    """The rest of what Chalice made stays as it is."""
    template = {
        "Resources": {"RestAPI": {"Properties": {"DefinitionBody": {"a": "${APIHandler.Arn}"}}}},
        "x": 1,
    }
    made = untied(template)
    assert made["x"] == 1
    assert made["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["a"].endswith(
        "function:envoi-${Stage}-api"
    )


def test_bytes_go_out_whatever_is_accepted(package: Packaged) -> None:
    """The open pixel; ``BinaryResponse`` relies on it."""
    body = package.of_type("AWS::ApiGateway::RestApi")["RestAPI"]["Body"]
    assert body["x-amazon-apigateway-binary-media-types"] == ["*/*"]


def test_the_gateways_own_errors_are_problems(package: Packaged) -> None:
    """RFC 9457 with the right type; an unknown path is 404, and a 503 says when to come again."""
    body = package.of_type("AWS::ApiGateway::RestApi")["RestAPI"]["Body"]
    answers = body["x-amazon-apigateway-gateway-responses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", "THROTTLED"} <= answers.keys()
    for name, answer in answers.items():
        headers = answer["responseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert headers["gatewayresponse.header.Cache-Control"] == "'no-store'"
        assert headers["gatewayresponse.header.X-Content-Type-Options"] == "'nosniff'"
        text = answer["responseTemplates"]["application/json"].replace("$context.error.messageString", '"x"')
        problem = json.loads(text)
        assert problem["type"] == "about:blank"
        assert problem.get("status") == (int(answer["statusCode"]) if "statusCode" in answer else None)
        if answer.get("statusCode") in {"429", "503"}:
            assert "gatewayresponse.header.Retry-After" in headers, name
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"


def test_access_logs_hold_no_path_and_no_query(package: Packaged) -> None:
    """Both hold readers' tokens; the route is what its template says."""
    setting = package.of_type("AWS::ApiGateway::Stage")["RestAPIapiStage"]["AccessLogSetting"]
    written = set(re.findall(r"\$context\.([a-zA-Z.]+)", json.dumps(setting)))
    assert written == {
        "requestId",
        "httpMethod",
        "resourcePath",
        "status",
        "responseLatency",
        "error.responseType",
    }


def test_logs_end(package: Packaged) -> None:
    """Every function's log group is the template's, with its retention."""
    groups = {each["LogGroupName"]["Fn::Sub"] for each in package.of_type("AWS::Logs::LogGroup").values()}
    for function in package.of_type("AWS::Lambda::Function").values():
        assert f"/aws/lambda/{function['FunctionName']['Fn::Sub']}" in groups
    assert all("RetentionInDays" in each for each in package.of_type("AWS::Logs::LogGroup").values())


def test_every_alarm_tells_the_operators_and_names_its_page(package: Packaged) -> None:
    """The runbook has a heading for each."""
    runbook = (PARTS.parents[1] / "docs" / "runbook.md").read_text()
    headings = set(re.findall(r"^## (.+)$", runbook, re.MULTILINE))
    alarms = package.of_type("AWS::CloudWatch::Alarm")
    assert len(alarms) >= 10
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "OperatorsTopic"}]
        page = alarm["AlarmDescription"].partition("Runbook - ")[2]
        assert page in headings


DEAD, AGE = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"


@pytest.mark.parametrize(
    ("metric", "dimension", "threshold"),
    [
        (("AWS/SQS", DEAD), {"QueueName": ("SendDeadLetters", "QueueName")}, 1),
        (("AWS/SQS", DEAD), {"QueueName": ("JobsDeadLetters", "QueueName")}, 1),
        (("AWS/SQS", DEAD), {"QueueName": ("FeedbackDeadLetters", "QueueName")}, 1),
        (("AWS/SQS", AGE), {"QueueName": ("SendQueue", "QueueName")}, 3_600),
        (("AWS/SQS", AGE), {"QueueName": ("JobsQueue", "QueueName")}, 1_800),
        (("Envoi", "BounceRate"), {"Stage": "Stage"}, 5),
        (("Envoi", "ComplaintRate"), {"Stage": "Stage"}, 0.1),
        (("AWS/SES", "Reputation.BounceRate"), {}, 0.05),
        (("AWS/SES", "Reputation.ComplaintRate"), {}, 0.001),
    ],
    ids=str,
)
def test_what_must_ring_rings(
    package: Packaged, metric: tuple[str, str], dimension: dict[str, object], threshold: float
) -> None:
    """From this value on, at the first look; no data is no trouble. SES's own rates are shares, ours percent."""
    found = [
        alarm
        for alarm in package.of_type("AWS::CloudWatch::Alarm").values()
        if (alarm.get("Namespace"), alarm.get("MetricName")) == metric
        and {each["Name"]: _referred(each["Value"]) for each in alarm.get("Dimensions", ())} == dimension
    ]
    (alarm,) = found
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (threshold, "GreaterThanOrEqualToThreshold")
    assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Maximum", "notBreaching")


def _referred(value: dict[str, Any]) -> object:
    """What a value of the template points at."""
    return value["Ref"] if "Ref" in value else tuple(value["Fn::GetAtt"])


def test_every_function_is_watched(package: Packaged) -> None:
    """By the alarms for errors and throttles, under its literal name."""
    names = {each["FunctionName"]["Fn::Sub"] for each in package.of_type("AWS::Lambda::Function").values()}
    alarms = package.of_type("AWS::CloudWatch::Alarm")
    for alarm in ("ErrorsAlarm", "ThrottlesAlarm"):
        watched = {
            each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Fn::Sub"]
            for each in alarms[alarm]["Metrics"]
            if "MetricStat" in each
        }
        assert watched == names
        (total,) = (each for each in alarms[alarm]["Metrics"] if each["ReturnData"])
        summed = set(re.findall(r"FILL\((\w+), 0\)", total["Expression"]))
        assert {f"envoi-${{Stage}}-{name}" for name in summed} == names
        counted = {
            each["MetricStat"]["Metric"]["MetricName"]
            for each in alarms[alarm]["Metrics"]
            if each is not total
        }
        assert counted == {alarm.removesuffix("Alarm")}


def test_the_dashboard_is_json(package: Packaged) -> None:
    """CloudFormation would take anything."""
    (dashboard,) = package.of_type("AWS::CloudWatch::Dashboard").values()
    assert json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]


def named(value: Any) -> str:
    """A name as it is in production."""
    return str(value["Fn::Sub"]).replace("${Stage}", "prod")
