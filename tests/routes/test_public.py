"""What readers reach: pixel, clicks, unsubscribe (rows 62 to 73 of the checklist)."""

from dataclasses import replace

import pytest

from chalicelib.domain.public_tokens import PublicToken, TokenKind, sign
from chalicelib.domain.records import CampaignType
from tests.routes.readers import Mailed
from tests.world import Cloud, Reply, World


@pytest.fixture
def mailed(world: World, cloud: Cloud) -> Mailed:
    """Three readers got a message an hour ago; opens are tracked."""
    mailed = Mailed(world, cloud)
    changes = {"massEmailOpenTracking": True, "outboundEmailFromName": "Atelier Martin", "language": "en"}
    assert world.api("PATCH", "/v1/settings", changes)[0] == 200
    return mailed


def html(reply: Reply) -> str:
    """A page's text."""
    told: str = reply.body.decode()
    return told


@pytest.mark.parametrize(
    "accept", [None, "*/*", "image/*", "image/avif,image/webp,*/*;q=0.8", "image/png", "text/html"]
)
def test_the_pixel_is_an_image_for_every_accept(mailed: Mailed, accept: str | None) -> None:
    """Image proxies name all sorts of things; all get the same image, never cached, and the open is logged (row 62)."""
    headers = {"Accept": accept} if accept else {}
    reply = mailed.ask("GET", f"/t/o/{mailed.token(TokenKind.OPEN)}", headers)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "image/gif"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.body[:6] == b"GIF89a"
    assert mailed.log() == [("Opened", True)]


def test_a_click_redirects_and_is_logged(mailed: Mailed) -> None:
    """302 to where the author says now; not cached, and without telling where it came from (row 63)."""
    path = f"/t/c/{mailed.token(TokenKind.CLICK)}"
    reply = mailed.ask("GET", path)
    assert reply.status == 302
    assert reply.headers["Location"] == "https://shop.example/spring"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    mailed.world.clock.advance(60)
    mailed.ask("GET", path)
    assert mailed.log(action="Clicked") == [("Clicked", False), ("Clicked", True)]
    assert mailed.log(action="Opened") == [("Opened", True)]


def test_a_click_can_show_a_message(mailed: Mailed) -> None:
    """CommonMark, in a page of ours (row 64)."""
    reply = mailed.ask("GET", f"/t/c/{mailed.token(TokenKind.CLICK, link=2)}")
    assert reply.status == 200
    assert "<strong>Thank you</strong>" in html(reply)
    assert mailed.log(action="Clicked") == [("Clicked", True)]


def test_head_looks_without_being_counted(mailed: Mailed) -> None:
    """The same answer, nothing noted."""
    reply = mailed.ask("HEAD", f"/t/c/{mailed.token(TokenKind.CLICK)}")
    assert (reply.status, reply.headers["Location"]) == (302, "https://shop.example/spring")
    assert mailed.log() == []


@pytest.mark.parametrize(
    ("agent", "headers"),
    [
        ("Barracuda Sentinel (EE)", {}),
        ("Mozilla/5.0 (X11) Firefox/140.0", {"Sec-Purpose": "prefetch;prerender"}),
    ],
)
def test_machines_are_not_counted(mailed: Mailed, agent: str, headers: dict[str, str]) -> None:
    """They are led on like everybody, logged as what they are, and no statistic knows them."""
    reply = mailed.ask("GET", f"/t/c/{mailed.token(TokenKind.CLICK)}", headers, agent=agent)
    assert reply.status == 302
    assert mailed.log() == [("Clicked", False)]
    stats = mailed.world.api("GET", f"/v1/campaigns/{mailed.wiring.campaign.id}/stats")[1]
    assert (stats["clickedCount"], stats["openedCount"]) == (0, 0)


def altered(token: str) -> str:
    """The same token with its last but one character changed."""
    return token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/t/o/{}", TokenKind.OPEN),
        ("GET", "/t/c/{}", TokenKind.CLICK),
        ("HEAD", "/t/c/{}", TokenKind.CLICK),
        ("GET", "/u/{}", TokenKind.UNSUBSCRIBE),
        ("POST", "/u/{}", TokenKind.UNSUBSCRIBE),
        ("POST", "/u/{}/undo", TokenKind.UNSUBSCRIBE),
    ],
)
def test_a_forged_token_is_a_page_that_says_nothing(
    mailed: Mailed, method: str, path: str, kind: TokenKind
) -> None:
    """Altered, of another kind, of another mass email or no token at all: the same 404 for all (row 65)."""
    good = mailed.token(kind)
    other = TokenKind.PREFERENCES
    for token in (altered(good), good[:-1], "xyzzy", "%00", "a" * 500, mailed.token(other)):
        reply = mailed.ask(method, path.format(token), body=b"" if method == "POST" else None)
        assert reply.status == 404
        assert "text/html" in reply.headers["Content-Type"]
        assert "Atelier" not in html(reply)
        assert token not in html(reply)
    assert mailed.log() == []


def test_a_newer_key_is_fetched(mailed: Mailed) -> None:
    """A token that names a key which this process does not hold yet makes it look once more."""
    ring = mailed.wiring.key_ring.ring()
    newer = type(ring)({**ring.signing, 9: b"n" * 32}, 9, ring.address)
    token = sign(PublicToken(TokenKind.OPEN, mailed.wiring.place()), newer)
    assert mailed.ask("GET", f"/t/o/{token}").status == 404
    secret = mailed.wiring.environment.key_ring_secret
    client = mailed.wiring.client("secretsmanager")
    stored = client.get_secret_value(SecretId=secret)["SecretString"]
    try:
        added = stored.replace(
            '"signing": {', '"signing": {"9": "bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4=", '
        )
        client.put_secret_value(SecretId=secret, SecretString=added)
        mailed.world.clock.advance(11)
        assert mailed.ask("GET", f"/t/o/{token}").status == 200
    finally:
        client.put_secret_value(SecretId=secret, SecretString=stored)


def test_an_index_beyond_the_table_is_not_found(mailed: Mailed) -> None:
    """A genuine token of a link that is not there leads nowhere."""
    assert mailed.ask("GET", f"/t/c/{mailed.token(TokenKind.CLICK, link=99)}").status == 404


def test_the_page_changes_nothing(mailed: Mailed) -> None:
    """It shows a button, to whoever opens it and however often (row 68)."""
    path = f"/u/{mailed.token(TokenKind.UNSUBSCRIBE)}"
    for _ in range(2):
        reply = mailed.ask("GET", path)
        assert reply.status == 200
        assert "Unsubscribe" in html(reply)
        assert "Atelier Martin" in html(reply)
    assert mailed.log() == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        (
            "multipart/form-data; boundary=xx",
            b'--xx\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--xx--\r\n',
        ),
        (None, b""),
        ("application/x-www-form-urlencoded", b""),
        ("text/plain", b"\xff\xfe"),
    ],
)
def test_one_click(mailed: Mailed, content_type: str | None, body: bytes) -> None:
    """RFC 8058: whatever the body, the answer is 200 and never a redirect (rows 69, 71)."""
    path = f"/u/{mailed.token(TokenKind.UNSUBSCRIBE)}"
    headers = {"Content-Type": content_type} if content_type else {"Content-Type": ""}
    reply = mailed.ask("POST", path, headers, body)
    assert reply.status == 200
    assert "You are unsubscribed" in html(reply)
    assert mailed.log() == [("Opted Out", True)]
    assert mailed.ask("POST", path, headers, body).status == 200
    assert mailed.log() == [("Opted Out", True)]


def test_leaving_and_coming_back(mailed: Mailed) -> None:
    """Each page offers the way back, and the log tells the story (rows 68 to 72)."""
    token = mailed.token(TokenKind.UNSUBSCRIBE)
    left = html(mailed.ask("POST", f"/u/{token}"))
    assert f'action="{token}/undo"' in left
    assert f'action="{token}/undo"' in html(mailed.ask("GET", f"/u/{token}"))
    mailed.world.clock.advance(60)
    back = html(mailed.ask("POST", f"/u/{token}/undo"))
    assert "You are subscribed again" in back
    assert f'action="../{token}"' in back
    assert f'action="{token}"' in html(mailed.ask("GET", f"/u/{token}"))
    assert mailed.log() == [("Opted In", True), ("Opted Out", True)]


def test_an_informational_mailing_has_no_page(mailed: Mailed) -> None:
    """Nobody can leave it (row 73)."""
    campaign = mailed.wiring.campaign_store.get(mailed.wiring.campaign.id)
    changed = replace(campaign, type=CampaignType.INFORMATIONAL)
    mailed.wiring.campaign_store.replace(changed, expected_rev=campaign.rev)
    token = mailed.token(TokenKind.UNSUBSCRIBE)
    for method in ("GET", "POST"):
        assert mailed.ask(method, f"/u/{token}").status == 404


@pytest.mark.parametrize(
    ("accept", "language", "says"),
    [("fr-FR,fr;q=0.9,en;q=0.5", "fr", "Me désabonner"), ("de", "en", "Unsubscribe")],
)
def test_pages_speak_the_readers_language(mailed: Mailed, accept: str, language: str, says: str) -> None:
    """French and English by ``Accept-Language``, else the setting."""
    reply = mailed.ask("GET", f"/u/{mailed.token(TokenKind.UNSUBSCRIBE)}", {"Accept-Language": accept})
    assert f'<html lang="{language}">' in html(reply)
    assert says in html(reply)
    assert reply.headers["Content-Language"] == language
    assert reply.headers["Vary"] == "Accept-Language"


def test_the_setting_decides_where_the_reader_does_not(mailed: Mailed) -> None:
    """A French sender's pages are French for whoever names no language of ours."""
    assert mailed.world.api("PATCH", "/v1/settings", {"language": "fr"})[0] == 200
    assert '<html lang="fr">' in html(mailed.ask("GET", f"/u/{mailed.token(TokenKind.UNSUBSCRIBE)}"))


def test_every_page_is_shut_tight(mailed: Mailed) -> None:
    """Policy, no framing, no referrer, no cache, no index."""
    reply = mailed.ask("GET", f"/u/{mailed.token(TokenKind.UNSUBSCRIBE)}")
    headers = reply.headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"


class Broken:
    """A client whose every method fails."""

    def __getattr__(self, name: str) -> object:
        def call(**_: object) -> object:
            raise ConnectionError("down")

        return call


def test_the_reader_is_not_punished(mailed: Mailed) -> None:
    """With the table down, clicks lead on, pixels are images, the page has its button, and unsubscribing is kept."""
    click, opened = mailed.token(TokenKind.CLICK), mailed.token(TokenKind.OPEN)
    unsubscribe = mailed.token(TokenKind.UNSUBSCRIBE)
    mailed.ask("HEAD", f"/t/c/{click}")
    working = mailed.wiring.table._client
    mailed.wiring.table._client = Broken()
    assert mailed.ask("GET", f"/t/c/{click}").status == 302
    assert mailed.ask("GET", f"/t/o/{opened}").status == 200
    assert mailed.ask("GET", f"/u/{unsubscribe}").status == 200
    assert mailed.ask("POST", f"/u/{unsubscribe}").status == 200
    mailed.wiring.table._client = working
    messages = mailed.world.taken(mailed.wiring.environment.jobs_queue_url)
    assert len(messages) == 3
    mailed.world.queued("work", *messages)
    assert sorted(mailed.log()) == [("Clicked", True), ("Opened", True), ("Opted Out", True)]


def test_what_cannot_be_kept_is_told(mailed: Mailed) -> None:
    """Without table and queue, unsubscribing says when to try again, and a link that nobody knows yet too."""
    mailed.wiring.table._client = mailed.wiring.outbox._client = Broken()
    for method, path in (
        ("POST", f"/u/{mailed.token(TokenKind.UNSUBSCRIBE)}"),
        ("POST", f"/u/{mailed.token(TokenKind.UNSUBSCRIBE)}/undo"),
        ("GET", f"/t/c/{mailed.token(TokenKind.CLICK)}"),
    ):
        reply = mailed.ask(method, path)
        assert reply.status == 503
        assert reply.headers["Retry-After"] == "30"
        assert "Please try again" in html(reply)


def test_logs_hold_no_token_and_no_address(mailed: Mailed, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong."""
    mailed.wiring.table._client = mailed.wiring.outbox._client = Broken()
    tokens = [mailed.token(kind) for kind in TokenKind]
    for path in (f"/t/o/{tokens[0]}", f"/t/c/{tokens[1]}", f"/u/{tokens[2]}"):
        mailed.ask("GET", path)
    mailed.ask("POST", f"/u/{tokens[2]}")
    assert "touchDeferred" in caplog.text
    assert "wishDeferred" in caplog.text
    assert not any(token in caplog.text for token in tokens)
    assert "@" not in caplog.text
