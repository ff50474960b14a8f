"""Headers and mailboxes: any Unicode in, printable ASCII out, never a line break (rows 54 to 57)."""

from email.header import decode_header, make_header
from email.headerregistry import AddressHeader, HeaderRegistry
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.records import CampaignType
from chalicelib.rendering.mailboxes import mailbox, phrase
from tests.rendering.making import BASE, PLACE, message, reader, source


def test_every_mail_has_its_queue_item_and_is_bulk() -> None:
    """Rows 54 and 55, complete."""
    headers = dict(message(source(mandatory_opt_out=True)).headers)
    link = headers.pop("List-Unsubscribe")
    assert link.startswith(f"<{BASE}/u/")
    assert link.endswith(">")
    assert headers == {
        "X-Queue-Item-Id": PLACE.recipient_id,
        "Precedence": "bulk",
        "List-Id": "Spring <55f2c87b09a220a01.example.org>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.parametrize(
    ("campaign_type", "expected"),
    [
        (None, False),
        (CampaignType.EMAIL, False),
        (CampaignType.NEWSLETTER, True),
        (CampaignType.INFORMATIONAL, True),
    ],
)
def test_answering_machines_are_asked_to_be_silent(
    campaign_type: CampaignType | None, expected: bool
) -> None:
    """For newsletters and informational campaigns only (row 56)."""
    headers = message(source(campaign_type=campaign_type)).headers
    assert (headers.get("Auto-Submitted") == "auto-generated") is expected
    assert (headers.get("X-Auto-Response-Suppress") == "AutoReply") is expected


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (None, "news@example.org"),
        ("", "news@example.org"),
        ("  ", "news@example.org"),
        ("Spring News", "Spring News <news@example.org>"),
        ("Doe, Jane", '"Doe, Jane" <news@example.org>'),
        ('The "X" \\ Co.', '"The \\"X\\" \\\\ Co." <news@example.org>'),
        ("a@b", '"a@b" <news@example.org>'),
        ("x\r\nBcc: all@example.net", '"x Bcc: all@example.net" <news@example.org>'),
        ("Zoë", "=?utf-8?q?Zo=C3=AB?= <news@example.org>"),
        ("=?utf-8?q?x?=", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <news@example.org>"),
    ],
)
def test_from_is_written_as_mail_wants_it(name: str | None, written: str) -> None:
    """Bare, quoted or encoded (row 57)."""
    made = message(source(from_name=name, reply_to_address="a@example.org", reply_to_name=name))
    assert made.from_header == written
    assert made.reply_to == (written.replace("news@", "a@"),)


def test_no_reply_to_is_no_reply_to() -> None:
    """The list is empty."""
    assert message(source()).reply_to == ()


def test_domains_are_written_in_punycode() -> None:
    """SES does not take others."""
    assert mailbox("info@müller.example", None) == "info@xn--mller-kva.example"


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_name_is_printable_ascii_and_comes_back(name: str) -> None:
    """A mail program reads what was meant, in words of at most 75 characters each."""
    written = mailbox("news@example.org", name)
    assert written.isascii()
    assert written.isprintable()
    words = phrase(name)
    assert all(len(word) <= 75 for word in words.split(" ") if word.startswith("=?"))
    meant = " ".join("".join(c if ord(c) > 31 and not 127 <= ord(c) < 160 else " " for c in name).split())
    meant = meant.replace("\u2028", " ").replace("\u2029", " ").encode("utf-8", "replace").decode()
    if "=?" in words:
        assert str(make_header(decode_header(words))).split() == meant.split()
    else:
        read = cast("AddressHeader", HeaderRegistry()("From", written))
        assert read.addresses[0].display_name.split() == meant.split()


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_no_header_is_ever_broken_or_too_long(name: str, postal: str) -> None:
    """Whatever a campaign is called: SES takes at most 15 headers of 996 printable ASCII characters."""
    made = message(
        source(
            campaign={"id": "55f2c87b09a220a01", "name": name},
            sender_postal_address=postal,
            from_name=name,
            mandatory_opt_out=True,
            campaign_type=CampaignType.NEWSLETTER,
        )
    )
    assert len(made.headers) <= 15
    for key, value in made.headers.items():
        assert len(key) + len(value) <= 996
        assert value
        assert value.isascii()
        assert value.isprintable()


def test_a_list_is_known_by_campaign_or_mass_email() -> None:
    """RFC 2919: an identifier under the sender's domain, which does not change with the name."""
    made = message(source(campaign={}, campaign_type=None, from_address="x@müller.example"))
    assert made.headers["List-Id"] == "Spring 1 <55f2c87b09a220a02.xn--mller-kva.example>"


def test_a_preview_has_the_same_headers() -> None:
    """With links that record nothing."""
    headers = message(source(mandatory_opt_out=True), reader(place=None)).headers
    assert set(headers) == set(message(source(mandatory_opt_out=True)).headers)
