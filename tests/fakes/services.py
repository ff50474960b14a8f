"""EventBridge, Secrets Manager, S3 and SNS in memory: what little of them a stage uses, in boto3's shapes."""

# ruff: noqa: N803 - parameters have the names that boto3 gives them

import copy
import hashlib
import io
import re
from collections.abc import Collection, Mapping
from typing import Any

from botocore.response import StreamingBody

from tests.fakes.client_errors import ClientErrors, answered, client_error
from tests.fakes.hooks import Meta
from tests.fakes.queues import ACCOUNT, REGION

Answer = dict[str, Any]

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
_RATE = re.compile(r"rate\((?:1 (?:minute|hour|day)|(?!1 |0)[0-9]+ (?:minutes|hours|days))\)")
_CRON = re.compile(r"cron\(\S+(?: \S+){5}\)")


class _Service:
    """A service whose attributes are all its state."""

    exceptions = ClientErrors()
    meta = Meta()

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def snapshot(self) -> dict[str, Any]:
        """Everything as it is now."""
        return copy.deepcopy(vars(self))

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Be again as then."""
        vars(self).update(copy.deepcopy(dict(snapshot)))


class FakeEvents(_Service):
    """EventBridge's rules."""

    service = "events"
    operations = frozenset({"put_rule", "describe_rule", "delete_rule"})

    def put_rule(self, *, Name: str, ScheduleExpression: str, State: str = "ENABLED", **rest: Any) -> Answer:
        """Make or replace a rule: what is left out is lost."""
        if not (_RATE.fullmatch(ScheduleExpression) or _CRON.fullmatch(ScheduleExpression)):
            raise client_error("ValidationException", "Parameter ScheduleExpression is not valid.", "PutRule")
        arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{Name}"
        self._kept[Name] = {
            "Name": Name,
            "Arn": arn,
            "ScheduleExpression": ScheduleExpression,
            "State": State,
            "EventBusName": "default",
            **rest,
        }
        return answered(RuleArn=arn)

    def describe_rule(self, *, Name: str) -> Answer:
        """A rule as it was put."""
        if Name not in self._kept:
            raise client_error("ResourceNotFoundException", f"Rule {Name} does not exist.", "DescribeRule")
        return answered(**self._kept[Name])

    def delete_rule(self, *, Name: str) -> Answer:
        """Take a rule away."""
        self._kept.pop(Name, None)
        return answered()


class FakeSecrets(_Service):
    """Secrets Manager."""

    service = "secretsmanager"
    operations = frozenset({"create_secret", "put_secret_value", "get_secret_value"})

    def create_secret(self, *, Name: str, SecretString: str) -> Answer:
        """Make a secret."""
        if Name in self._kept:
            raise client_error("ResourceExistsException", "The secret already exists.", "CreateSecret")
        self._kept[Name] = SecretString
        return answered(Name=Name, ARN=_secret_arn(Name))

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> Answer:
        """Give a secret a new value."""
        name = self._found(SecretId, "PutSecretValue")
        self._kept[name] = SecretString
        return answered(Name=name, ARN=_secret_arn(name))

    def get_secret_value(self, *, SecretId: str) -> Answer:
        """A secret's value, by name or ARN."""
        name = self._found(SecretId, "GetSecretValue")
        return answered(Name=name, ARN=_secret_arn(name), SecretString=self._kept[name])

    def _found(self, secret_id: str, operation: str) -> str:
        for name in self._kept:
            if secret_id in (name, _secret_arn(name)):
                return name
        raise client_error(
            "ResourceNotFoundException", "Secrets Manager can't find the specified secret.", operation
        )


def _secret_arn(name: str) -> str:
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-000000"


SMALLEST_PART = 5 * 1024 * 1024  # bytes, but for the last


class FakeS3(_Service):
    """S3's objects, without versions; uploads in parts are kept aside until they are complete."""

    service = "s3"
    operations = frozenset(
        {
            "create_bucket",
            "put_object",
            "get_object",
            "head_object",
            "delete_object",
            "create_multipart_upload",
            "upload_part",
            "complete_multipart_upload",
        }
    )

    def __init__(self) -> None:
        super().__init__()
        self._uploads: dict[str, dict[str, Any]] = {}
        self._opened = 0

    @property
    def unfinished_uploads(self) -> int:
        """How many uploads in parts were begun and neither completed nor given up."""
        return len(self._uploads)

    def objects(self, bucket: str) -> Collection[str]:
        """The keys of a bucket's objects."""
        return self._bucket(bucket, "ListObjects").keys()

    def abandon_uploads(self) -> None:
        """What a bucket's lifecycle does with uploads that are never completed."""
        self._uploads.clear()

    def create_bucket(self, *, Bucket: str, **_: Any) -> Answer:
        """Make a bucket."""
        if Bucket in self._kept:
            raise client_error("BucketAlreadyOwnedByYou", "You own it already.", "CreateBucket")
        self._kept[Bucket] = {}
        return answered(Location=f"/{Bucket}")

    def put_object(
        self,
        *,
        Bucket: str,
        Key: str,
        Body: bytes | str | io.IOBase = b"",
        **metadata: Any,
    ) -> Answer:
        """Store an object, whatever was there."""
        content = Body.read() if isinstance(Body, io.IOBase) else Body
        content = content.encode() if isinstance(content, str) else bytes(content)
        self._bucket(Bucket, "PutObject")[Key] = {"content": content, "metadata": metadata}
        return answered(ETag=_etag(content))

    def get_object(self, *, Bucket: str, Key: str, Range: str = "bytes=0-") -> Answer:
        """An object, or what of it comes from a byte on; its body is read as boto3's is."""
        kept = self._object(Bucket, Key, "GetObject", "NoSuchKey")
        start = int(Range.removeprefix("bytes=").removesuffix("-"))
        content = kept["content"][start:]
        if start and not content:
            raise client_error("InvalidRange", "The requested range is not satisfiable", "GetObject")
        return answered(**_head(kept), Body=StreamingBody(io.BytesIO(content), len(content)))

    def head_object(self, *, Bucket: str, Key: str) -> Answer:
        """What is known of an object."""
        return answered(**_head(self._object(Bucket, Key, "HeadObject", "404")))

    def delete_object(self, *, Bucket: str, Key: str) -> Answer:
        """Remove an object; one that is not there is removed too."""
        self._bucket(Bucket, "DeleteObject").pop(Key, None)
        return answered()

    def create_multipart_upload(self, *, Bucket: str, Key: str, **metadata: Any) -> Answer:
        """Begin an upload in parts."""
        self._bucket(Bucket, "CreateMultipartUpload")
        self._opened += 1
        upload = f"upload-{self._opened}"
        self._uploads[upload] = {"metadata": metadata, "parts": {}}
        return answered(UploadId=upload)

    def upload_part(self, *, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: bytes) -> Answer:
        """Store one part."""
        self._upload(UploadId, "UploadPart")["parts"][PartNumber] = Body
        return answered(ETag=_etag(Body))

    def complete_multipart_upload(
        self, *, Bucket: str, Key: str, UploadId: str, MultipartUpload: Mapping[str, Any]
    ) -> Answer:
        """Join the parts; all but the last have 5 MiB or more."""
        upload = self._upload(UploadId, "CompleteMultipartUpload")
        parts = [upload["parts"][part["PartNumber"]] for part in MultipartUpload["Parts"]]
        if [_etag(part) for part in parts] != [part["ETag"] for part in MultipartUpload["Parts"]]:
            raise client_error("InvalidPart", "A part was replaced", "CompleteMultipartUpload")
        if any(len(part) < SMALLEST_PART for part in parts[:-1]):
            raise client_error("EntityTooSmall", "A part is too small", "CompleteMultipartUpload")
        del self._uploads[UploadId]
        return self.put_object(Bucket=Bucket, Key=Key, Body=b"".join(parts), **upload["metadata"])

    def generate_presigned_url(self, operation: str, Params: Mapping[str, Any], ExpiresIn: int) -> str:
        """No request: a URL that says what it is good for."""
        return f"https://{Params['Bucket']}.s3.fake/{Params['Key']}?operation={operation}&expires={ExpiresIn}"

    def _upload(self, upload_id: str, operation: str) -> dict[str, Any]:
        if upload_id not in self._uploads:
            raise client_error("NoSuchUpload", "The specified upload does not exist.", operation)
        return self._uploads[upload_id]

    def _bucket(self, name: str, operation: str) -> dict[str, Any]:
        if name not in self._kept:
            raise client_error("NoSuchBucket", "The specified bucket does not exist", operation)
        bucket: dict[str, Any] = self._kept[name]
        return bucket

    def _object(self, bucket: str, key: str, operation: str, code: str) -> dict[str, Any]:
        kept: dict[str, Any] | None = self._bucket(bucket, operation).get(key)
        if kept is None:
            raise client_error(code, "The specified key does not exist.", operation)
        return kept


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _head(kept: Mapping[str, Any]) -> Answer:
    return {**kept["metadata"], "ContentLength": len(kept["content"]), "ETag": _etag(kept["content"])}


class FakeSNS(_Service):
    """SNS's topics; what was published can be looked at."""

    service = "sns"
    operations = frozenset({"create_topic", "publish"})

    def create_topic(self, *, Name: str, **_: Any) -> Answer:
        """Make a topic; one that is there already stays as it is."""
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{Name}"
        self._kept.setdefault(arn, [])
        return answered(TopicArn=arn)

    def publish(self, *, TopicArn: str, Message: str, **rest: Any) -> Answer:
        """Publish a message."""
        if TopicArn not in self._kept:
            raise client_error("NotFoundException", "Topic does not exist", "Publish")
        self._kept[TopicArn].append({"Message": Message, **rest})
        return answered(MessageId=f"{sum(map(len, self._kept.values())):032x}")

    def published(self, topic_arn: str) -> list[Mapping[str, Any]]:
        """What was published on a topic, oldest first."""
        return copy.deepcopy(self._kept[topic_arn])
