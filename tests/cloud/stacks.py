"""The translated template, deployed into moto's CloudFormation; what moto lacks of it is made here by moto's own services.

The API's methods are left out: moto does not read them from a template. ``test_template.py`` looks at them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from devstack.resources import CREDENTIALS
from tests.cloud.packages import BUCKET, KEY, Packaged

LEFT_OUT = {"AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage"}
Properties = Mapping[str, Any]


class Stack:
    """A stack that stands; ``outputs`` by their names."""

    def __init__(self, name: str, outputs: Mapping[str, str]) -> None:
        self.name = name
        self.outputs = outputs

    def variables(self, function: str) -> dict[str, str]:
        """The environment of a function, by the last part of its name."""
        client = boto3.client("lambda")
        found = client.get_function_configuration(FunctionName=f"{self.name}-{function}")
        variables: dict[str, str] = found["Environment"]["Variables"]
        return variables


@contextmanager
def deployed(package: Packaged) -> Iterator[Stack]:
    """Moto with the stack in it."""
    with pytest.MonkeyPatch.context() as variables, mock_aws():
        for name, value in CREDENTIALS.items():
            variables.setenv(name, value)
        _reach_further()
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=package.zip.read_bytes())
        template = dict(package.translated)
        template["Resources"] = {
            name: each for name, each in template["Resources"].items() if each["Type"] not in LEFT_OUT
        }
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(
            StackName="envoi-prod", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        (made,) = cloudformation.describe_stacks(StackName="envoi-prod")["Stacks"]
        assert made["StackStatus"] == "CREATE_COMPLETE"
        yield Stack("envoi-prod", {each["OutputKey"]: each["OutputValue"] for each in made["Outputs"]})


def _secret(properties: Properties) -> str:
    client, generate = boto3.client("secretsmanager"), properties["GenerateSecretString"]
    options = {name: generate[name] for name in ("PasswordLength", "ExcludePunctuation")}
    value = json.loads(generate["SecretStringTemplate"])
    value[generate["GenerateStringKey"]] = client.get_random_password(**options)["RandomPassword"]
    made = client.create_secret(Name=properties["Name"], SecretString=json.dumps(value))
    arn: str = made["ARN"]
    return arn


def _subscription(properties: Properties) -> str:
    attributes = {"RedrivePolicy": json.dumps(properties.get("RedrivePolicy", {}))}
    arn: str = boto3.client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return arn


def _topic_policy(properties: Properties) -> str:
    (topic,) = properties["Topics"]
    policy = json.dumps(properties["PolicyDocument"])
    boto3.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return f"{topic} policy"


def _queue_policy(properties: Properties) -> str:
    (url,) = properties["Queues"]
    policy = json.dumps(properties["PolicyDocument"])
    boto3.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return f"{url} policy"


def _bucket_policy(properties: Properties) -> str:
    policy = json.dumps(properties["PolicyDocument"])
    boto3.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return f"{properties['Bucket']} policy"


def _configuration_set(properties: Properties) -> str:
    boto3.client("sesv2").create_configuration_set(ConfigurationSetName=properties["Name"])
    name: str = properties["Name"]
    return name


def _invoke_config(properties: Properties) -> str:
    boto3.client("lambda").put_function_event_invoke_config(
        FunctionName=properties["FunctionName"],
        MaximumRetryAttempts=properties["MaximumRetryAttempts"],
        MaximumEventAgeInSeconds=properties["MaximumEventAgeInSeconds"],
        DestinationConfig=properties.get("DestinationConfig", {}),
    )
    return f"{properties['FunctionName']} invoke config"


def _alarm(properties: Properties) -> str:
    boto3.client("cloudwatch").put_metric_alarm(**properties)
    name: str = properties["AlarmName"]
    return name


def _nothing(_: Properties) -> str:
    return "not made: moto has no such thing"


MAKERS: Mapping[str, Callable[[Properties], str]] = {
    "AWS::SecretsManager::Secret": _secret,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SES::ConfigurationSet": _configuration_set,
    "AWS::SES::ConfigurationSetEventDestination": _nothing,
    "AWS::Lambda::EventInvokeConfig": _invoke_config,
    "AWS::CloudWatch::Alarm": _alarm,
}
"""Each makes the resource and answers its ``Ref``."""


def _reach_further() -> None:
    from moto.cloudformation.parsing import get_model_map  # noqa: PLC0415 - imports all of moto

    for kind, make in MAKERS.items():
        get_model_map().setdefault(kind, _model(kind, make))


def _model(kind: str, make: Callable[[Properties], str]) -> type[Any]:
    """A class as moto's CloudFormation wants it."""
    from moto.core.common_models import CloudFormationModel  # noqa: PLC0415 - as above

    class Made(CloudFormationModel):
        def __init__(self, reference: str) -> None:
            self.physical_resource_id = reference

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return kind

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: Any,
            account_id: str,
            region_name: str,
            **kwargs: Any,
        ) -> Any:
            return cls(make(cloudformation_json["Properties"]))

    return Made
