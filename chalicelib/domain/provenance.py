"""Whose an event is: only what our topic published about our account's mail may pass.

The topic's policy and the function's let nobody else in (``.chalice/template/ses.yaml``); this says so if they are changed.
"""

import json
import re

from chalicelib.domain.queue import ForeignEvent

_TOPIC = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:(?P<account>[0-9]{12}):[A-Za-z0-9_-]+\Z")


def refuse_foreign(topic: str, message: str, own_topic: str) -> None:
    """Let pass what ``own_topic`` published about its own account's mail.

    What is no ARN of AWS's form does not come from SNS, but from a test's client (``chalice.test``).

    Raises:
        ForeignEvent: From another topic, or about mail that another account sent.
    """
    own = _TOPIC.match(own_topic)
    if own is None:
        return
    if topic != own_topic and _TOPIC.match(topic):
        raise ForeignEvent("an event of another topic")
    if _sending_account(message) not in (None, own["account"]):
        raise ForeignEvent("an event about another account's mail")


def _sending_account(message: str) -> str | None:
    """Which account sent the mail, where SES says it.

    https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html#event-publishing-retrieving-sns-contents-mail-object
    """
    try:
        told = json.loads(message)
    except (ValueError, RecursionError):
        return None  # what cannot be read is kept by ``flows/feedback.py``
    match told:
        case {"mail": {"sendingAccountId": str(account)}}:
            return account
    return None
