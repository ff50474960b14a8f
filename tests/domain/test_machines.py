"""Persons and machines, by agents as they really come."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import machines
from chalicelib.domain.machines import is_burst, is_machine

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"

PERSONS = {
    "Gmail's image proxy": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Yahoo's image proxy": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Chrome": CHROME,
    "Safari on a telephone": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
    "Apple Mail without protection": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Thunderbird": "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.4.1",
    "Outlook": "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; Microsoft Outlook 16.0.17328; ms-office; MSOffice 16)",
    "Outlook on a telephone": "Outlook-iOS/723.4027091.prod.iphone (4.34.0)",
    "a Cubot telephone": "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
    "Telegram's own browser": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36 Telegram-Android/11.2",
}
MACHINES = {
    "nobody": "",
    "Apple's prefetch": "Mozilla/5.0",
    "Gmail's sampling": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0",
    "Gmail's check": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gmail-content-sampling",
    "Outlook's Safe Links": "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    "Office's look": "Microsoft Office Existence Discovery",
    "Teams": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Barracuda": "Barracuda Sentinel (EE)",
    "Proofpoint": "Mozilla/5.0 (compatible; Proofpoint URL Defense)",
    "Mimecast": "Mozilla/5.0 (compatible; Mimecast Targeted Threat Protection)",
    "Googlebot": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Telegram's preview": "TelegramBot (like TwitterBot)",
    "Facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "curl": "curl/8.7.1",
    "wget": "Wget/1.21.4",
    "requests": "python-requests/2.32.3",
    "aiohttp": "Python/3.10 aiohttp/3.8.1",
    "Go": "Go-http-client/2.0",
    "headless Chrome": CHROME.replace("Chrome/", "HeadlessChrome/"),
    "a crawler": "SomethingCrawler/1.0",
}


@pytest.mark.parametrize("agent", PERSONS.values(), ids=PERSONS)
def test_persons(agent: str) -> None:
    """Browsers, mail programs and the proxies that load an image when its reader does are persons."""
    assert not is_machine(agent)


@pytest.mark.parametrize("agent", MACHINES.values(), ids=MACHINES)
def test_machines(agent: str) -> None:
    """Scanners, previews, robots and HTTP libraries are machines."""
    assert is_machine(agent)


@pytest.mark.parametrize(
    ("name", "value", "machine"),
    [
        ("Purpose", "prefetch", True),
        ("sec-purpose", "prefetch", True),
        ("Sec-Purpose", "prefetch;prerender", True),
        ("SEC-PURPOSE", "Prefetch;anonymous-client-ip", True),
        ("Sec-Purpose", "navigate", False),
        ("Accept", "prefetch", False),
    ],
)
def test_prefetch(name: str, value: str, machine: bool) -> None:
    """A browser that loads ahead of its person says so in Purpose or Sec-Purpose, whatever their case."""
    assert is_machine(CHROME, headers={name: value}) is machine


def test_head_is_a_machine() -> None:
    """HEAD is a machine even from a browser; GET and POST are not."""
    assert is_machine(CHROME, method="HEAD")
    assert not is_machine(CHROME, method="GET")


def test_a_burst_starts_with_the_third_different_link() -> None:
    """Two links within two seconds a person can click; from the third on it is a scanner, and so are those after."""
    clicks = [(link, NOON + timedelta(seconds=link / 2)) for link in range(5)]
    found = [is_burst(link, at, clicks[:place]) for place, (link, at) in enumerate(clicks)]
    assert found == [False, False, True, True, True]


def test_the_same_link_again_is_no_burst() -> None:
    """A person may press one link many times."""
    assert not is_burst(1, NOON, [(1, NOON)] * 10 + [(2, NOON)])


def test_slow_clicks_are_no_burst() -> None:
    """A click older than two seconds does not count, one of exactly two seconds does; nor does a later one."""
    window = machines.BURST_WINDOW
    assert is_burst(3, NOON, [(1, NOON - window), (2, NOON)])
    assert not is_burst(3, NOON, [(1, NOON - window - timedelta(microseconds=1)), (2, NOON)])
    assert not is_burst(3, NOON, [(1, NOON + timedelta(seconds=1)), (2, NOON + timedelta(seconds=1))])


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_any_agent_has_an_answer(agent: str, headers: dict[str, str]) -> None:
    """No agent and no header makes it fail, and none makes a person of what calls itself a robot or only looks."""
    assert is_machine(agent, headers=headers) <= is_machine(agent, method="HEAD", headers=headers)
    assert is_machine(f"robot {agent.replace('Proxy', '')}", headers=headers) or "proxy" in agent.lower()


def test_the_data_is_dated_and_has_sources() -> None:
    """Every entry says who it is and where that is known from; the file says when it was checked."""
    data = json.loads(Path(machines.__file__).with_suffix(".json").read_text())
    assert date.fromisoformat(data["checkedOn"]) >= date(2026, 1, 1)
    for entry in data["persons"] + data["machines"]:
        assert ("exact" in entry) != ("pattern" in entry)
        assert entry["who"]
        assert entry["source"].startswith(("https://", "http://"))
