"""The code and the template in S3, under names made of their content: the same package is uploaded once."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infrastructure.deploy_needs import Place
from infrastructure.packaging import Package
from infrastructure.stages import Stage

_NO_CONSTRAINT = (
    "us-east-1"  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html
)


@dataclass(frozen=True)
class Uploaded:
    """The template as CloudFormation reads it, and its parameters' values."""

    template_url: str
    parameters: dict[str, str]


def make_bucket(s3: Any, place: Place) -> None:
    """A private bucket. Nothing in it expires: a roll-back needs the code of the deployment before, however old it is."""
    located = {"CreateBucketConfiguration": {"LocationConstraint": place.region}}
    s3.create_bucket(Bucket=place.bucket, **({} if place.region == _NO_CONSTRAINT else located))
    s3.get_waiter("bucket_exists").wait(Bucket=place.bucket, ExpectedBucketOwner=place.account)
    s3.put_public_access_block(
        Bucket=place.bucket,
        ExpectedBucketOwner=place.account,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )


def upload(s3: Any, place: Place, stage: Stage, package: Package) -> Uploaded:
    """Upload the zip, and the template that names it."""
    code = package.code.read_bytes()
    code_key = _put(s3, place, f"{stage.stack}/{_digest(code)}.zip", code)
    template = json.loads(package.template.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://{place.bucket}/{code_key}"
    return upload_template(s3, place, stage, template)


def upload_template(s3: Any, place: Place, stage: Stage, template: Mapping[str, Any]) -> Uploaded:
    """Upload a template; its parameters have their defaults."""
    text = json.dumps(template, separators=(",", ":"), sort_keys=True).encode()
    key = _put(s3, place, f"{stage.stack}/{_digest(text)}.json", text)
    parameters = {
        name: str(each["Default"])
        for name, each in template.get("Parameters", {}).items()
        if "Default" in each
    }
    return Uploaded(f"{s3.meta.endpoint_url}/{place.bucket}/{key}", parameters)


def _put(s3: Any, place: Place, key: str, content: bytes) -> str:
    owner = {"Bucket": place.bucket, "Key": key, "ExpectedBucketOwner": place.account}
    try:
        s3.head_object(**owner)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        s3.put_object(**owner, Body=content, ServerSideEncryption="AES256")
    return key


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
