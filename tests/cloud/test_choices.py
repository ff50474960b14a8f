"""What a stage's parameters choose, as CloudFormation would decide it."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

import app
from infrastructure.stages import read_stage
from infrastructure.template import PARTS, merge_template
from tests.cloud.packages import Packaged

DOMAIN = {"CustomDomain": "mail.example.com", "CertificateArn": "arn:aws:acm:eu-west-1:1:certificate/x"}
NOTHING: Any = {"Ref": "AWS::NoValue"}


class Chosen:
    """The translated template under these parameters; the others have their defaults."""

    def __init__(self, package: Packaged, **parameters: str) -> None:
        template = package.translated
        defaults = {name: each.get("Default", "") for name, each in template["Parameters"].items()}
        self._parameters = {**defaults, **parameters}
        self._conditions: Mapping[str, Any] = template["Conditions"]
        self.resources = {
            name: self._decided(each)
            for name, each in template["Resources"].items()
            if self._holds(each.get("Condition"))
        }

    def of_type(self, kind: str) -> dict[str, Any]:
        """The properties of the resources of a type, by name."""
        return {
            name: each["Properties"]
            for name, each in self.resources.items()
            if each["Type"] == f"AWS::{kind}"
        }

    def _holds(self, condition: Any) -> bool:
        match condition:
            case None:
                return True
            case str(name) | {"Condition": str(name)}:
                return self._holds(self._conditions[name])
            case {"Fn::Not": [one]}:
                return not self._holds(one)
            case {"Fn::And": some}:
                return all(map(self._holds, some))
            case {"Fn::Equals": [one, other]}:
                return bool(self._decided(one) == self._decided(other))
        raise AssertionError(condition)

    def _decided(self, value: Any) -> Any:
        match value:
            case {"Fn::If": [name, one, other]}:
                return self._decided(one if self._holds(name) else other)
            case {"Ref": str(name)} if name in self._parameters:
                return self._parameters[name]
            case dict():
                decided = {key: self._decided(each) for key, each in value.items()}
                return {key: each for key, each in decided.items() if each != NOTHING}
            case list():
                return [each for each in map(self._decided, value) if each != NOTHING]
        return value


def test_a_domain_of_ones_own(package: Packaged) -> None:
    """With its certificate, leading to the stage; links start there, and DNS is made where the zone is known."""
    with_zone = Chosen(package, **DOMAIN, HostedZoneId="Z1")
    (domain,) = with_zone.of_type("ApiGateway::DomainName").values()
    assert domain["DomainName"] == "mail.example.com"
    assert domain["RegionalCertificateArn"] == DOMAIN["CertificateArn"]
    assert domain["SecurityPolicy"] == "TLS_1_2"
    (mapping,) = with_zone.of_type("ApiGateway::BasePathMapping").values()
    assert mapping == {
        "DomainName": {"Ref": "Domain"},
        "RestApiId": {"Ref": "RestAPI"},
        "Stage": {"Ref": "RestAPIapiStage"},
    }
    (record,) = with_zone.of_type("Route53::RecordSet").values()
    assert (record["Name"], record["Type"], record["HostedZoneId"]) == ("mail.example.com", "A", "Z1")
    assert record["AliasTarget"]["DNSName"] == {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}
    assert Chosen(package, **DOMAIN).of_type("Route53::RecordSet") == {}
    for chosen, url in (
        (with_zone, "https://${CustomDomain}"),
        (
            Chosen(package),
            "https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/api",
        ),
    ):
        for function in chosen.of_type("Lambda::Function").values():
            assert function["Environment"]["Variables"]["ENVOI_PUBLIC_URL"] == {"Fn::Sub": url}


def test_without_a_domain_there_is_none(package: Packaged) -> None:
    """Nor a record, whatever zone is named."""
    chosen = Chosen(package, HostedZoneId="Z1")
    for kind in ("ApiGateway::DomainName", "ApiGateway::BasePathMapping", "Route53::RecordSet"):
        assert chosen.of_type(kind) == {}


def test_what_a_storm_could_starve_has_calls_of_its_own(package: Packaged) -> None:
    """The schedule, the sweep and the events, where the account has room for it; new accounts have not."""
    reserved = {
        name: each["ReservedConcurrentExecutions"]
        for name, each in Chosen(package, ReserveConcurrency="yes").of_type("Lambda::Function").items()
        if "ReservedConcurrentExecutions" in each
    }
    assert reserved == {"Release": 1, "Sweep": 1, "Feedback": 50}
    functions = Chosen(package, ReserveConcurrency="no").of_type("Lambda::Function").values()
    assert not any("ReservedConcurrentExecutions" in each for each in functions)


def test_queues_call_no_more_at_once_than_the_code_says(package: Packaged) -> None:
    """A backlog must not take the account's whole concurrency."""
    mappings = Chosen(package).of_type("Lambda::EventSourceMapping").values()
    most = {each["FunctionName"]["Ref"]: each["ScalingConfig"]["MaximumConcurrency"] for each in mappings}
    assert most == {"Deliver": app.SENDERS, "Work": app.WORKERS}


def test_operators_are_told_by_email(package: Packaged) -> None:
    """Where there is an address; alarms fire without one, too."""
    for address, count in (("ops@example.com", 1), ("", 0)):
        subscriptions = [
            each["Endpoint"]
            for each in Chosen(package, OperatorsEmail=address).of_type("SNS::Subscription").values()
            if each["Protocol"] == "email"
        ]
        assert subscriptions == [address] * count


def test_access_logs_are_chosen(package: Packaged) -> None:
    """They need a role of the account's."""
    for choice, count in (("yes", 1), ("no", 0)):
        chosen = Chosen(package, AccessLogs=choice)
        (stage,) = chosen.of_type("ApiGateway::Stage").values()
        assert ("AccessLogSetting" in stage) == bool(count)
        assert ("AccessLogGroup" in chosen.resources) == bool(count)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_each_stage_throttles_by_its_own_rate(package: Packaged, name: str) -> None:
    """All paths together; and execution logs, which would hold readers' tokens, are off."""
    asked = read_stage(name).parameters
    defaults = merge_template(read_stage(name))["Parameters"]
    (stage,) = (
        Chosen(package, **{key: each.get("Default", "") for key, each in defaults.items()})
        .of_type("ApiGateway::Stage")
        .values()
    )
    (settings,) = stage["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert str(settings["ThrottlingRateLimit"]) == asked["ApiRate"]
    assert str(settings["ThrottlingBurstLimit"]) == asked["ApiBurst"]
    assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("OFF", False)


def test_every_number_has_its_reason() -> None:
    """Memory, time-out and concurrency, beside the line or above it."""
    lines = (PARTS / "functions.yaml").read_text().splitlines()
    numbers = re.compile(r"\s+(MemorySize|Timeout|ReservedConcurrentExecutions|EventInvokeConfig):")
    for before, line in pairwise(lines):
        if numbers.match(line):
            assert "  # " in line or before.strip().startswith("# "), line
