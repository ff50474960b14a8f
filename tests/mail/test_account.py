"""What SES says of the account, over the wire."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from chalicelib.domain.sending import AccountReader, SesAccount
from chalicelib.mail.account import PAGE_SIZE, SesAccountReader

ACCOUNT = {
    "DedicatedIpAutoWarmupEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 1234.0},
    "SendingEnabled": True,
    "PricingAttributes": {"CurrentPlan": "STANDARD"},
}
NOT_FOUND = (404, {"message": "Email identity news@shop.example does not exist."})


def reader_of(
    session: boto3.session.Session, answers: Mapping[str, tuple[int, Mapping[str, Any]]]
) -> tuple[SesAccountReader, list[str]]:
    """A reader whose SES answers by path and query, and the list of what it was asked."""
    asked: list[str] = []
    client = session.client("sesv2")

    def stand_in(request: Any, **_: Any) -> Any:
        body = json.loads(request.body or b"{}")
        path = request.url.split("amazonaws.com")[1]
        asked.append(f"{request.method} {path}" + "".join(f" {key}={body[key]}" for key in sorted(body)))
        status, answer = answers.get(asked[-1], NOT_FOUND)
        kind = {400: "BadRequestException", 404: "NotFoundException"}.get(status)
        headers = {"x-amzn-errortype": kind} if kind else {}
        return AWSResponse(request.url, status, headers, Raw(json.dumps(answer).encode()))

    client.meta.events.register("before-send.sesv2", stand_in)
    return SesAccountReader(client), asked


class Raw:
    """A body as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> list[bytes]:
        """All of it."""
        return [self.content]


def test_read(session: boto3.session.Session) -> None:
    """Quota, rate, standing and plan, each under our names."""
    reader, _ = reader_of(session, {"GET /v2/email/account": (200, ACCOUNT)})
    assert reader.read() == SesAccount(
        max_24_hour_send=50000.0,
        max_send_rate=14.0,
        sent_last_24_hours=1234.0,
        production_access=True,
        sending_enabled=True,
        enforcement_status="HEALTHY",
        pricing={"CurrentPlan": "STANDARD"},
    )


def test_an_empty_answer_allows_nothing(session: boto3.session.Session) -> None:
    """What SES does not say is never taken as a permission."""
    reader, _ = reader_of(session, {"GET /v2/email/account": (200, {})})
    assert reader.read() == SesAccount(0.0, 0.0, 0.0, False, False, "")


@pytest.mark.parametrize(
    ("verified", "expected"),
    [
        (["news%40mail.shop.example"], True),
        (["mail.shop.example"], True),
        (["shop.example"], True),
        (["other.example"], False),
        ([], False),
    ],
)
def test_identity_verified(session: boto3.session.Session, verified: list[str], expected: bool) -> None:
    """The address, its domain or a domain above must be verified; a top level is never asked for."""
    known = {
        f"GET /v2/email/identities/{name}": (200, {"VerifiedForSendingStatus": True}) for name in verified
    }
    reader, asked = reader_of(session, known)
    assert reader.identity_verified("news@Mail.Shop.example") is expected
    assert "GET /v2/email/identities/example" not in asked


def test_a_pending_identity_is_not_verified(session: boto3.session.Session) -> None:
    """An identity that exists and waits for its DNS records does not count, but one above it does."""
    pending = {"GET /v2/email/identities/mail.shop.example": (200, {"VerifiedForSendingStatus": False})}
    reader, _ = reader_of(session, pending)
    assert not reader.identity_verified("news@mail.shop.example")
    above = {"GET /v2/email/identities/shop.example": (200, {"VerifiedForSendingStatus": True})}
    reader, _ = reader_of(session, pending | above)
    assert reader.identity_verified("news@mail.shop.example")


def test_an_international_domain_is_asked_for_in_punycode(session: boto3.session.Session) -> None:
    """SES knows identities by their ASCII name."""
    known = {"GET /v2/email/identities/xn--caf-dma.example": (200, {"VerifiedForSendingStatus": True})}
    reader, _ = reader_of(session, known)
    assert reader.identity_verified("news@café.example")


def test_identities_of_all_pages(session: boto3.session.Session) -> None:
    """Pages are followed by their token, also over one that is empty."""
    path = "POST /v2/email/list-identities"
    shop = {"IdentityName": "shop.example", "IdentityType": "DOMAIN", "SendingEnabled": True}
    anne = {"IdentityName": "anne@mail.example", "IdentityType": "EMAIL_ADDRESS", "SendingEnabled": False}
    reader, _ = reader_of(
        session,
        {
            f"{path} PageSize={PAGE_SIZE}": (200, {"EmailIdentities": [shop], "NextToken": "a"}),
            f"{path} NextToken=a PageSize={PAGE_SIZE}": (200, {"EmailIdentities": [], "NextToken": "b"}),
            f"{path} NextToken=b PageSize={PAGE_SIZE}": (200, {"EmailIdentities": [anne]}),
        },
    )
    assert reader.identities() == [
        {"name": "shop.example", "type": "DOMAIN", "sendingEnabled": True},
        {"name": "anne@mail.example", "type": "EMAIL_ADDRESS", "sendingEnabled": False},
    ]


def test_unsuppress(session: boto3.session.Session) -> None:
    """The address leaves the list; one that is not on it is no error."""
    reader, asked = reader_of(session, {})
    reader.unsuppress("anne@mail.example")
    assert asked == ["DELETE /v2/email/suppression/addresses/anne%40mail.example"]


def test_what_ses_takes_for_no_address_is_not_suppressed(session: boto3.session.Session) -> None:
    """Its notion of an address is narrower than ours; a flag of ours can be cleared all the same."""
    asks = "DELETE /v2/email/suppression/addresses/%2Fanne%40mail.example"
    reader, asked = reader_of(session, {asks: (400, {"message": "Invalid email address"})})
    reader.unsuppress("/anne@mail.example")
    assert asked == [asks]


def test_it_is_an_account_reader(session: boto3.session.Session) -> None:
    """It fulfils the domain's port, and other errors of SES are not hidden."""
    reader: AccountReader
    reader, _ = reader_of(session, {"GET /v2/email/account": (400, {"message": "no"})})
    with pytest.raises(ClientError):
        reader.read()
