"""boto3 finds in the stand-in what it finds in SES: answers, and each error as its own exception."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from devstack.clock import VirtualClock
from devstack.serving import Server
from devstack.ses import SesStandIn
from devstack.ses_faults import Faults
from devstack.ses_http import SesApi
from tests.devstack.ses_requests import bulk, entry, people


class Wire(NamedTuple):
    """A stand-in behind HTTP, and boto3's client of it."""

    ses: SesStandIn
    client: Any


@pytest.fixture
def wire() -> Iterator[Wire]:
    ses = SesStandIn(VirtualClock(), lambda _event: None)
    with Server(SesApi(ses)) as url:
        session = boto3.Session("local", "local", region_name="eu-west-1")
        client = session.client("sesv2", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}))
        yield Wire(ses, client)
        client.close()


def test_a_bulk_call_is_answered_entry_by_entry(wire: Wire) -> None:
    """Two entries, two results with their ids; the size of the call is counted as it came."""
    answer = wire.client.send_bulk_email(
        **bulk([entry("a@example.org", {"x": "é"}), *people(1)], text="{{x}}")
    )
    assert [result["Status"] for result in answer["BulkEmailEntryResults"]] == ["SUCCESS", "SUCCESS"]
    assert next(iter(wire.ses.mailbox)).text == "é"
    assert wire.ses.stats()["bytes"] > 300


def test_a_single_call(wire: Wire) -> None:
    """``SendEmail`` with Simple content, in which braces mean nothing."""
    answer = wire.client.send_email(
        FromEmailAddress="news@example.com",
        Destination={"ToAddresses": ["a@example.org"]},
        Content={"Simple": {"Subject": {"Data": "{{x"}, "Body": {"Text": {"Data": "{{y}}"}}}},
    )
    [message] = wire.ses.mailbox
    assert (message.message_id, message.subject, message.text) == (answer["MessageId"], "{{x", "{{y}}")


@pytest.mark.parametrize(
    ("faults", "exception"),
    [
        (Faults(throttle=1), "TooManyRequestsException"),
        (Faults(account_suspended=True), "AccountSuspendedException"),
        (Faults(sending_paused=True), "SendingPausedException"),
        (Faults(error_before_accept=1), "InternalServiceErrorException"),
    ],
)
def test_errors_are_botocores_exceptions(wire: Wire, faults: Faults, exception: str) -> None:
    """Code and class are SES's own."""
    wire.ses.faults = faults
    with pytest.raises(getattr(wire.client.exceptions, exception)) as refused:
        wire.client.send_bulk_email(**bulk(people(1)))
    assert refused.value.response["Error"]["Code"] == exception


@pytest.mark.parametrize(
    ("request_", "exception"),
    [
        (bulk([entry("nobody")]), "BadRequestException"),
        (bulk(people(1), ConfigurationSetName="other"), "NotFoundException"),
        (bulk(people(1), FromEmailAddress="a@unverified.example"), "MessageRejected"),
    ],
)
def test_refusals_are_botocores_exceptions(wire: Wire, request_: dict[str, Any], exception: str) -> None:
    """As above, for what is wrong with the request."""
    with pytest.raises(getattr(wire.client.exceptions, exception)):
        wire.client.send_bulk_email(**request_)


def test_a_lost_answer_is_a_closed_connection(wire: Wire) -> None:
    """Everything was accepted, and the caller cannot know."""
    wire.ses.faults = Faults(timeout_after_accept=1)
    with pytest.raises(ConnectionClosedError):
        wire.client.send_bulk_email(**bulk(people(3)))
    assert len(wire.ses.mailbox) == 3


def test_the_account_can_be_read(wire: Wire) -> None:
    """Quota, rate, what was sent, and that sending is allowed."""
    wire.client.send_bulk_email(**bulk(people(2)))
    account = wire.client.get_account()
    assert account["SendQuota"] == {"Max24HourSend": 50_000.0, "MaxSendRate": 200.0, "SentLast24Hours": 2.0}
    assert account["SendingEnabled"]
    assert account["ProductionAccessEnabled"]
    assert account["EnforcementStatus"] == "HEALTHY"


def test_identities_are_found_listed_added_and_removed(wire: Wire) -> None:
    """By name; a missing one is a NotFoundException."""
    assert wire.client.get_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]
    wire.client.create_email_identity(EmailIdentity="me+you@example.org")
    assert (
        wire.client.get_email_identity(EmailIdentity="me+you@example.org")["IdentityType"] == "EMAIL_ADDRESS"
    )
    names = [identity["IdentityName"] for identity in wire.client.list_email_identities()["EmailIdentities"]]
    assert names == ["example.com", "me+you@example.org"]
    wire.client.delete_email_identity(EmailIdentity="me+you@example.org")
    with pytest.raises(wire.client.exceptions.NotFoundException):
        wire.client.get_email_identity(EmailIdentity="me+you@example.org")


@pytest.mark.parametrize(
    "address", ["a+b/c@example.org", "/a@example.org", "a//b@example.org", "a%2Fb@example.org"]
)
def test_the_suppression_list(wire: Wire, address: str) -> None:
    """Put, read and taken off again, with addresses that need quoting in a path."""
    wire.client.put_suppressed_destination(EmailAddress=address, Reason="BOUNCE")
    found = wire.client.get_suppressed_destination(EmailAddress=address)["SuppressedDestination"]
    assert (found["EmailAddress"], found["Reason"]) == (address, "BOUNCE")
    wire.client.delete_suppressed_destination(EmailAddress=address)
    with pytest.raises(wire.client.exceptions.NotFoundException):
        wire.client.get_suppressed_destination(EmailAddress=address)


def test_a_configuration_set_is_known_or_not(wire: Wire) -> None:
    """The stage's own is there, another is a NotFoundException."""
    assert wire.client.get_configuration_set(ConfigurationSetName="envoi-dev")["SendingOptions"][
        "SendingEnabled"
    ]
    with pytest.raises(wire.client.exceptions.NotFoundException):
        wire.client.get_configuration_set(ConfigurationSetName="other")


def test_an_operation_it_does_not_know_is_an_error(wire: Wire) -> None:
    """Not an empty success."""
    with pytest.raises(ClientError):
        wire.client.list_contact_lists()
