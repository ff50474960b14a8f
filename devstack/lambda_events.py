"""The events with which AWS calls functions, as the Lambda documentation shows them."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from devstack.resources import ACCOUNT, REGION

Event = dict[str, Any]


def scheduled(rule: str, now: datetime) -> Event:
    """EventBridge: https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": f"{now:%Y-%m-%dT%H:%M:%S}Z",
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }


def queued(message: Mapping[str, Any], queue_arn: str) -> Event:
    """SQS, a batch of one; ``message`` as ReceiveMessage answers it.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {"stringValue": each["StringValue"], "dataType": each["DataType"]}
            for name, each in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
    return {"Records": [record]}


def published(text: str, topic_arn: str, now: datetime) -> Event:
    """SNS: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html."""
    notification = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": topic_arn,
        "Subject": "Amazon SES Email Event Notification",
        "Message": text,
        "Timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertUrl": "EXAMPLE",
        "UnsubscribeUrl": "EXAMPLE",
        "MessageAttributes": {},
    }
    return {
        "Records": [
            {
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{topic_arn}:{uuid.UUID(int=1)}",
                "EventSource": "aws:sns",
                "Sns": notification,
            }
        ]
    }
