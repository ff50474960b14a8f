"""What a deployment needs of the machine and the account; asked before anything that takes long."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.deploy_changes import stack_status
from infrastructure.stages import Stage

NO_REGION = (
    "no region: set AWS_REGION (eu-west-1, say), or name one in the profile (`aws configure set region …`)"
)
NO_CREDENTIALS = (
    "no credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`"
)
# A stack whose first creation was rolled back can only be removed:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-stack-status-codes
_ONLY_REMOVED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"})
_NOT_FOUND, _FORBIDDEN = "404", "403"


class NotReady(Exception):
    """Something is missing; ``missing`` says what, a sentence each."""

    def __init__(self, *missing: str) -> None:
        super().__init__("\n".join(missing))
        self.missing = missing


@dataclass(frozen=True)
class Place:
    """Where a deployment goes. ``bucket`` is for the code; one that is not there yet will be made."""

    account: str
    region: str
    bucket: str
    bucket_exists: bool
    stack_status: str | None


def find_place(session: Any, stage: Stage, bucket: str = "") -> Place:
    """The account and region of the session, with the bucket of this name or of ours.

    Raises:
        NotReady: Region, credentials or the named bucket are missing, or the stack is in no state to be deployed to.
    """
    missing = [] if session.region_name else [NO_REGION]
    if session.get_credentials() is None:
        missing.append(NO_CREDENTIALS)
    if missing:
        raise NotReady(*missing)
    try:
        account = session.client("sts").get_caller_identity()["Account"]
        name = bucket or f"envoi-deploy-{account}-{session.region_name}"
        exists = _is_there(session.client("s3"), name, account)
        status = stack_status(session.client("cloudformation"), stage.stack)
    except ClientError as error:
        raise NotReady(f"AWS refuses the credentials: {_told(error)}") from error
    except BotoCoreError as error:
        raise NotReady(f"AWS cannot be asked: {error}") from error
    missing = [*_of_bucket(name, exists=exists, chosen=bool(bucket)), *_of_stack(stage.stack, status)]
    if missing:
        raise NotReady(*missing)
    return Place(account, session.region_name, name, bool(exists), status)


def _is_there(s3: Any, name: str, account: str) -> bool | None:
    """None when it is there and belongs to somebody else: names of buckets are one space for the whole world."""
    try:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except ClientError as error:
        if error.response["Error"]["Code"] == _NOT_FOUND:
            return False
        if error.response["Error"]["Code"] == _FORBIDDEN:
            return None
        raise
    return True


def _of_bucket(name: str, *, exists: bool | None, chosen: bool) -> Iterator[str]:
    if exists is None:
        yield f"the bucket {name} is not ours to use: give another with BUCKET=…"
    elif chosen and not exists:
        yield f"there is no bucket {name}: make it, or leave BUCKET out and one is made"


def _of_stack(name: str, status: str | None) -> Iterator[str]:
    if status in _ONLY_REMOVED:
        yield (
            f"the stack {name} is {status} and can only be removed: "
            f"aws cloudformation delete-stack --stack-name {name} (docs/deploy.md says what stays)"
        )
    elif status == "UPDATE_ROLLBACK_FAILED":
        yield f"the stack {name} is stuck: aws cloudformation continue-update-rollback --stack-name {name}"
    elif status is not None and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        yield f"the stack {name} is at work ({status}): wait until it has ended"


def _told(error: ClientError) -> str:
    return f"{error.response['Error']['Code']} at {error.operation_name}"
