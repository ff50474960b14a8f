"""One call, never repeated, whatever the network does; over real sockets."""

import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.domain.sending import Batch, Effect, Entry, Outcome, SesTemplate
from chalicelib.mail import clients
from chalicelib.mail.sender import IDLE_LIMIT, SesSender
from tests.mail import wire
from tests.mail.conftest import ClientAt

REQUEST_ID = "x-amzn-RequestId: 3f6b\r\nContent-Type: application/json\r\n"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The time it was moved to."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move it."""
        self.time += timedelta(seconds=seconds)


def batch_of(count: int, **values: str) -> Batch:
    """A batch of this many entries with these values."""
    return Batch(
        from_header='"Café Équipe" <news@shop.example>',
        reply_to=["answers@shop.example"],
        template=SesTemplate("Bonjour {{s0}}", "Salut {{s0}}", "<p>Salut {{s0}} — é</p>"),
        default_data={"d0": "{{"},
        entries=[
            Entry(
                to_address=f"reader{number}@mail.example",
                data={"s0": f"Zoë {number} 🎉", **values},
                headers={"X-Queue-Item-Id": f"{number:017x}", "List-Unsubscribe": "<https://a.example/u/x>"},
                tags={"mass-email": "0" * 17, "recipient": f"{number:017x}", "attempt": "1"},
            )
            for number in range(count)
        ],
    )


def accepted(count: int) -> bytes:
    results = [{"Status": "SUCCESS", "MessageId": f"id-{number}"} for number in range(count)]
    return json.dumps({"BulkEmailEntryResults": results}).encode()


def send(client_at: ClientAt, behave: wire.Behaviour, count: int = 2) -> tuple[Sequence[Outcome], wire.Wire]:
    with wire.serve(behave) as served:
        return SesSender(client_at(served.url), "envoi-test").send(batch_of(count)), served


def test_the_request_on_the_wire(client_at: ClientAt) -> None:
    """The call is what the API's page describes, in UTF-8 without escapes, data as JSON within JSON."""
    outcomes, served = send(client_at, wire.answer("200 OK", accepted(2), REQUEST_ID))
    assert outcomes == [Outcome(Effect.SENT, message_id="id-0"), Outcome(Effect.SENT, message_id="id-1")]
    (body,) = served.requests
    assert "Zoë 1 🎉".encode() in body
    assert b"\\u" not in body
    call = json.loads(body)
    assert call["FromEmailAddress"] == '"Café Équipe" <news@shop.example>'
    assert call["ReplyToAddresses"] == ["answers@shop.example"]
    assert call["ConfigurationSetName"] == "envoi-test"
    template = call["DefaultContent"]["Template"]
    assert template["TemplateContent"] == {
        "Subject": "Bonjour {{s0}}",
        "Text": "Salut {{s0}}",
        "Html": "<p>Salut {{s0}} — é</p>",
    }
    assert json.loads(template["TemplateData"]) == {"d0": "{{"}
    entry = call["BulkEmailEntries"][1]
    assert entry["Destination"] == {"ToAddresses": ["reader1@mail.example"]}
    replacement = entry["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"]
    assert json.loads(replacement) == {"s0": "Zoë 1 🎉"}
    assert {"Name": "X-Queue-Item-Id", "Value": f"{1:017x}"} in entry["ReplacementHeaders"]
    assert {"Name": "recipient", "Value": f"{1:017x}"} in entry["ReplacementTags"]


def test_the_model_would_serialise_the_same(client_at: ClientAt, session: boto3.session.Session) -> None:
    """Given the same call, botocore's own validator and serialiser find nothing to change."""
    _, served = send(client_at, wire.answer("200 OK", accepted(2), REQUEST_ID))
    call = json.loads(served.requests[0])
    with wire.serve(wire.answer("200 OK", accepted(2), REQUEST_ID)) as other:
        plain = session.client("sesv2", endpoint_url=other.url)
        plain.send_bulk_email(**call)
        assert json.loads(other.requests[0]) == call


def test_mixed_answers(client_at: ClientAt) -> None:
    """Every entry has its own outcome, in order; SES's sentence comes without the address."""
    results = [
        {"Status": "SUCCESS", "MessageId": "id-0"},
        {"Status": "INVALID_PARAMETER", "Error": "Domain of reader1@mail.example is bad"},
        {"Status": "ACCOUNT_THROTTLED", "Error": "Maximum sending rate exceeded."},
        {"Status": "BRAND_NEW", "MessageId": "id-3"},
    ]
    body = json.dumps({"BulkEmailEntryResults": results}).encode()
    outcomes, _ = send(client_at, wire.answer("200 OK", body, REQUEST_ID), 4)
    effects = [Effect.SENT, Effect.FINAL, Effect.BACK, Effect.SENT]
    assert [outcome.effect for outcome in outcomes] == effects
    assert outcomes[1].message == "Domain of (address) is bad"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"BulkEmailEntryResults": [{"Sta',
        b'{"BulkEmailEntryResults": "x"}',
        b"\xff\xfe",
        b'{"BulkEmailEntryResults": [null, 3]}',
    ],
)
def test_an_unreadable_200_is_unknown(client_at: ClientAt, body: bytes) -> None:
    """SES took the call, and nobody can say for whom."""
    outcomes, served = send(client_at, wire.answer("200 OK", body, REQUEST_ID))
    assert outcomes == [Outcome(Effect.UNKNOWN, "unreadableAnswer")] * 2
    assert len(served.requests) == 1


def test_a_missing_entry_is_unknown(client_at: ClientAt) -> None:
    """An answer with fewer results than entries leaves the last ones Unknown; with more, the surplus is nobody's."""
    outcomes, _ = send(client_at, wire.answer("200 OK", accepted(1), REQUEST_ID), 3)
    assert [outcome.effect for outcome in outcomes] == [Effect.SENT, Effect.UNKNOWN, Effect.UNKNOWN]
    outcomes, _ = send(client_at, wire.answer("200 OK", accepted(5), REQUEST_ID), 1)
    assert [outcome.effect for outcome in outcomes] == [Effect.SENT]


@pytest.mark.parametrize(
    ("status", "code", "message", "effect", "reason"),
    [
        ("400 Bad Request", "BadRequestException", "Bad header", Effect.SPLIT, "badRequest"),
        ("429 Too Many", "TooManyRequestsException", "Too many requests.", Effect.BACK, "tooManyRequests"),
        (
            "400 Bad",
            "LimitExceededException",
            "Daily message quota exceeded",
            Effect.QUOTA,
            "dailyQuotaExceeded",
        ),
        ("400 Bad", "AccountSuspendedException", "", Effect.STOP, "accountSuspended"),
        ("404 Not Found", "NotFoundException", "", Effect.STOP, "notFound"),
        ("500 Oh", "InternalServiceErrorException", "", Effect.UNKNOWN, "internalServiceError"),
        ("503 Oh", "ServiceUnavailable", "", Effect.UNKNOWN, "serviceUnavailable"),
    ],
)
def test_a_refused_call(
    client_at: ClientAt, status: str, code: str, message: str, effect: Effect, reason: str
) -> None:
    """The error's code comes in a header, its sentence in the body; each goes once over the wire and never again."""
    body = json.dumps({"message": message}).encode()
    outcomes, served = send(client_at, wire.answer(status, body, f"x-amzn-ErrorType: {code}:http://x/\r\n"))
    assert outcomes == [Outcome(effect, reason, message=message)] * 2
    assert len(served.requests) == 1


def test_a_proxys_502_is_unknown(client_at: ClientAt) -> None:
    """An answer of HTML and without a code proves nothing."""
    outcomes, served = send(client_at, wire.answer("502 Bad Gateway", b"<html>oops</html>"))
    assert {outcome.effect for outcome in outcomes} == {Effect.UNKNOWN}
    assert len(served.requests) == 1


def test_a_connection_closed_after_the_request_is_unknown(client_at: ClientAt) -> None:
    """SES may have accepted; the call is not repeated."""
    outcomes, served = send(client_at, wire.close)
    assert outcomes == [Outcome(Effect.UNKNOWN, "connectionClosed")] * 2
    assert len(served.requests) == 1


def test_a_silent_ses_is_unknown(session: boto3.session.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the read time-out the call may have been accepted; it is not repeated."""
    with wire.serve(wire.silence) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", served.url)
        client = clients.sending_client(
            session,
            read_timeout=1,  # seconds: a busy server must have read by then
        )
        outcomes = SesSender(client, "envoi-test").send(batch_of(1))
    assert outcomes == [Outcome(Effect.UNKNOWN, "readTimeout")]
    assert len(served.requests) == 1


def test_nobody_listens(client_at: ClientAt) -> None:
    """A refused connection was never made: back, without an attempt."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert SesSender(client_at(url), "envoi-test").send(batch_of(1)) == [
        Outcome(Effect.BACK, "endpointConnection")
    ]


def test_a_broken_tls_handshake_is_back(client_at: ClientAt) -> None:
    """Botocore says "connection closed", as it does after a request; but here the body never left."""
    with wire.serve(wire.close, hang_up_at_once=True) as served:
        (outcome,) = SesSender(client_at(served.url.replace("http:", "https:")), "t").send(batch_of(1))
    assert outcome.effect is Effect.BACK
    assert served.connections == 1


def test_a_silent_tls_handshake_is_back(
    session: boto3.session.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Botocore says "read time-out", as it does after a request; but here the body never left."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"https://127.0.0.1:{server.getsockname()[1]}")
        client = clients.sending_client(session, connect_timeout=0.2)
        (outcome,) = SesSender(client, "t").send(batch_of(1))
    assert outcome == Outcome(Effect.BACK, "readTimeout")


def test_a_foreign_certificate_is_back(client_at: ClientAt, tmp_path: Path) -> None:
    """A server that is not SES gets no message."""
    with wire.serve(wire.close, tls=foreign_certificate(tmp_path)) as served:
        (outcome,) = SesSender(client_at(served.url.replace("http:", "https:")), "t").send(batch_of(1))
    assert outcome == Outcome(Effect.BACK, "ssl")
    assert served.requests == []


def foreign_certificate(directory: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "not.ses.example")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path = directory / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_without_credentials_nothing_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials: back, without an attempt; the reason says so."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    client = clients.sending_client(boto3.session.Session(region_name="eu-west-1"))
    assert SesSender(client, "t").send(batch_of(1)) == [Outcome(Effect.BACK, "noCredentials")]


def test_a_busy_connection_is_kept(client_at: ClientAt) -> None:
    """Calls within the limit use one connection."""
    clock = Clock()
    with wire.serve(wire.answer("200 OK", accepted(1), REQUEST_ID)) as served:
        sender = SesSender(client_at(served.url), "t", clock)
        for _ in range(3):
            sender.send(batch_of(1))
            clock.sleep(IDLE_LIMIT.total_seconds())
    assert (served.connections, len(served.requests)) == (1, 3)


@pytest.mark.parametrize("pause", [IDLE_LIMIT.total_seconds() + 1, -1])
def test_an_idle_connection_is_dropped(client_at: ClientAt, pause: float) -> None:
    """After more than 20 s, or when nobody knows how long, the next call opens a new connection."""
    clock = Clock()
    with wire.serve(wire.answer("200 OK", accepted(1), REQUEST_ID)) as served:
        sender = SesSender(client_at(served.url), "t", clock)
        for _ in range(3):
            assert sender.send(batch_of(1))[0].effect is Effect.SENT
            clock.sleep(pause)
    assert served.connections == 3


def test_endpoint_and_signature_are_those_of_botocores_rules(session: boto3.session.Session) -> None:
    """The rules are not asked; they would name the same place, and the same scope to sign for."""
    going: list[tuple[str, str]] = []

    def note(request: Any, **_: Any) -> AWSResponse:
        scope = str(request.headers["Authorization"]).partition("/")[2].partition(",")[0]
        going.append((request.url, scope))
        return AWSResponse(request.url, 400, {}, Silent())

    plain = session.client("sesv2")
    for client in (plain, clients.sending_client(session)):
        client.meta.events.register("before-send.sesv2", note)
        with pytest.raises(ClientError):
            client.send_bulk_email(DefaultContent={}, BulkEmailEntries=[])
    assert going[0] == going[1]
    assert plain._ruleset_resolver is not None


class Silent:
    """A body as botocore reads it; empty."""

    def stream(self, **_: Any) -> list[bytes]:
        """Nothing."""
        return [b""]


def test_retries_stay_off(monkeypatch: pytest.MonkeyPatch, session: boto3.session.Session) -> None:
    """No variable of the environment turns the retries on."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    with wire.serve(wire.answer("500 Oh", b"{}")) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", served.url)
        SesSender(clients.sending_client(session), "t").send(batch_of(1))
    assert len(served.requests) == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"s1": "x" * 300_000}, "messageTooLarge"), ({"s1": "\ud83d"}, "invalidText")],
    ids=["too large", "half a character"],
)
def test_what_cannot_be_sent_is_never_called(
    client_at: ClientAt, values: dict[str, str], reason: str
) -> None:
    """A call over a limit or without valid text is halved until the culprit stands alone, who fails for good."""
    with wire.serve(wire.close) as served:
        sender = SesSender(client_at(served.url), "t")
        several, (alone,) = sender.send(batch_of(2, **values)), sender.send(batch_of(1, **values))
    assert [(outcome.effect, outcome.reason) for outcome in several] == [(Effect.SPLIT, reason)] * 2
    assert (alone.effect, alone.reason) == (Effect.FINAL, reason)
    assert served.requests == []


def test_a_text_only_message_has_no_html(client_at: ClientAt) -> None:
    """Html and ReplyToAddresses are left out where there are none: SES refuses null and empty."""
    batch = batch_of(1)
    plain = replace(batch, template=SesTemplate("s", "t", None), reply_to=[])
    with wire.serve(wire.answer("200 OK", accepted(1), REQUEST_ID)) as served:
        SesSender(client_at(served.url), "t").send(plain)
    call = json.loads(served.requests[0])
    assert call["DefaultContent"]["Template"]["TemplateContent"] == {"Subject": "s", "Text": "t"}
    assert "ReplyToAddresses" not in call
