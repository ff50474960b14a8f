"""The template of a stage whose callers a Cognito user pool knows."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app import app
from infrastructure.packaging import package
from infrastructure.stages import Stage, read_stage
from infrastructure.template import merge_template
from tests.cloud.packages import Packaged

POOL = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_Example"


def stage(pool: str) -> Stage:
    """Production with that pool."""
    usual = read_stage("prod")
    return replace(usual, parameters={**usual.parameters, "CognitoUserPoolArn": pool})


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    """Its package."""
    folder = tmp_path_factory.mktemp("pooled")
    package(stage(POOL), folder)
    return Packaged(folder)


def definition(of: Packaged) -> dict[str, Any]:
    """The API as API Gateway imports it."""
    body: dict[str, Any] = of.of_type("AWS::ApiGateway::RestApi")["RestAPI"]["Body"]
    return body


def operations(of: Packaged) -> Iterator[tuple[bool, Any]]:
    """Of every operation whether it is private, and what it asks of the caller."""
    paths = definition(of)["paths"]
    assert sum(map(len, paths.values())) == sum(map(len, app.routes.values()))
    for path, methods in paths.items():
        for method, operation in methods.items():
            contract = app.routes[path][method.upper()].view_function.contract
            yield contract.role is not None, operation.get("security")


def test_every_private_route_asks_the_pool_and_no_public_one(pooled: Packaged) -> None:
    """In the words of API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html."""
    asked = list(operations(pooled))
    assert {private for private, _ in asked} == {True, False}
    for private, security in asked:
        assert security == ([{"userPool": []}] if private else None)
    assert definition(pooled)["securityDefinitions"] == {
        "userPool": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
        }
    }


def test_without_a_pool_the_gateway_asks_nobody(package: Packaged) -> None:
    """Envoi looks at the tokens itself."""
    assert [security for _, security in operations(package) if security is not None] == []
    assert "cognito_user_pools" not in json.dumps(definition(package))


def test_every_function_is_told_what_the_gateway_asks(pooled: Packaged, package: Packaged) -> None:
    """The parameter can be no other than the ARN in the API's definition."""
    for template, pool in ((pooled, POOL), (package, "")):
        parameter = template.template["Parameters"]["CognitoUserPoolArn"]
        assert (parameter["Default"], parameter["AllowedValues"]) == (pool, [pool])
        for function in template.of_type("AWS::Lambda::Function").values():
            told = function["Environment"]["Variables"]["ENVOI_COGNITO_USER_POOL_ARN"]
            assert told == {"Ref": "CognitoUserPoolArn"}


def test_another_pool_is_deployed(pooled: Packaged, package: Packaged) -> None:
    """A stage serves a Deployment, and CloudFormation makes another one only under another name."""
    (usual,), (guarded,) = (each.of_type("AWS::ApiGateway::Deployment") for each in (package, pooled))
    assert usual != guarded


def test_cfn_lint_finds_nothing_in_it(pooled: Packaged) -> None:
    """Not an error, not a warning."""
    from cfnlint.api import lint  # noqa: PLC0415 - slow to import

    assert [str(match) for match in lint(json.dumps(pooled.template))] == []


def test_what_the_gateway_refuses_is_401(pooled: Packaged) -> None:
    """As problem+json, with the challenge that RFC 9110 asks for."""
    answers = definition(pooled)["x-amazon-apigateway-gateway-responses"]
    for name in ("UNAUTHORIZED", "EXPIRED_TOKEN"):
        assert answers[name]["statusCode"] == "401"
        headers = answers[name]["responseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert headers["gatewayresponse.header.WWW-Authenticate"].startswith("'Bearer ")
        assert json.loads(answers[name]["responseTemplates"]["application/json"])["status"] == 401


@pytest.mark.parametrize("pool", ["eu-west-1_Example", f"{POOL},{POOL}", f" {POOL}", "arn:aws:s3:::files"])
def test_what_is_no_pool_is_refused(pool: str) -> None:
    """Before anything is packaged; CloudFormation would say it only after the upload."""
    with pytest.raises(ValueError, match="CognitoUserPoolArn"):
        merge_template(stage(pool))
