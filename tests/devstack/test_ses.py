"""The stand-in takes what SES takes, refuses what SES refuses, and tells what SES tells."""

import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.clock import VirtualClock
from devstack.ses import SesStandIn
from devstack.ses_errors import AnswerLost, SesError
from devstack.ses_faults import ENTRY_STATUSES, Faults
from tests.devstack.ses_requests import bulk, entry, pairs, people


class Account:
    """A stand-in with its clock and what it published."""

    def __init__(self, **faults: Any) -> None:
        self.clock = VirtualClock()
        self.events: list[dict[str, Any]] = []
        self.ses = SesStandIn(self.clock, self.events.append, faults=Faults(**faults))

    def statuses(self, request: dict[str, Any]) -> list[str]:
        """Of each entry."""
        return [result["Status"] for result in self.ses.send_bulk(request)["BulkEmailEntryResults"]]

    def kinds(self) -> list[str]:
        """The types of what was published."""
        return [event["eventType"] for event in self.events]

    def refusal(self, request: dict[str, Any]) -> str:
        """The code with which the whole call is refused."""
        with pytest.raises(SesError) as refused:
            self.ses.send_bulk(request)
        return refused.value.code


def test_a_message_is_the_template_with_the_entrys_values() -> None:
    """Own values come before the defaults, are not escaped and not looked into; headers and tags are the entry's."""
    account = Account()
    account.ses.send_bulk(
        bulk(
            [entry("a@example.org", {"name": "<b>{{x}}</b>"}, ReplacementTags=pairs({"recipient": "1"}))],
            subject="Dear {{name}}",
            html="<p>{{ name }} of {{town}}</p>",
            defaults={"name": "friend", "town": "Köln"},
            DefaultEmailTags=pairs({"recipient": "0", "all": "yes"}),
        )
    )
    [message] = account.ses.mailbox
    assert message.subject == "Dear <b>{{x}}</b>"
    assert message.html == "<p><b>{{x}}</b> of Köln</p>"
    assert message.entry.tags == {"recipient": "1", "all": "yes"}
    assert message.as_json()["to"] == "a@example.org"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{missing}}", "Attribute 'missing' is not present in the rendering data."),
        ("{{#if name}}x{{/if}}", "Attribute '#if name' is not present in the rendering data."),
        ("{{name", "Template is not well formed: an opening brace is never closed."),
        ("{{{name}}", "Template is not well formed: three opening braces need three closing ones."),
    ],
)
def test_what_cannot_be_rendered_is_accepted_and_then_reported(text: str, why: str) -> None:
    """SES answers SUCCESS and publishes a Rendering Failure, without a Send; nobody receives anything."""
    account = Account()
    assert account.statuses(bulk([entry("a@example.org", {"name": "A"})], text=text)) == ["SUCCESS"]
    assert account.kinds() == ["Rendering Failure"]
    assert account.events[0]["failure"]["errorMessage"] == why
    assert len(account.ses.mailbox) == 0


@given(st.text(), st.text(), st.text())
def test_values_arrive_character_for_character(before: str, value: str, after: str) -> None:
    """Whatever stands in a value arrives as it is, and so does the text around it once its braces are values too."""
    account = Account()
    names = {"before": before, "value": value, "after": after}
    account.ses.send_bulk(bulk([entry("a@example.org", names)], text="{{before}}{{value}}{{after}}"))
    assert next(iter(account.ses.mailbox)).text == before + value + after


def test_a_backslash_before_the_braces_makes_them_text() -> None:
    """Handlebars' rule: whoever ends a static part with a backslash loses the value behind it."""
    account = Account()
    account.ses.send_bulk(bulk([entry("a@example.org", {"x": "1"})], text=r"\{{x}} \\{{x}}"))
    assert next(iter(account.ses.mailbox)).text == r"{{x}} \1"


@pytest.mark.parametrize(
    ("address", "kinds"),
    [
        ("somebody@example.org", ["Send", "Delivery"]),
        ("success+label@simulator.amazonses.com", ["Send", "Delivery"]),
        ("BOUNCE@simulator.amazonses.com", ["Send", "Bounce"]),
        ("complaint+1@simulator.amazonses.com", ["Send", "Delivery", "Complaint"]),
        ("suppressionlist@simulator.amazonses.com", ["Send", "Bounce"]),
        ("ooto@simulator.amazonses.com", ["Send", "Delivery", "Bounce"]),
    ],
)
def test_the_mailbox_simulator(address: str, kinds: list[str]) -> None:
    """Each address of the simulator, with any label and in any case, brings about its events."""
    account = Account()
    account.ses.send_bulk(bulk([entry(address)]))
    assert account.kinds() == kinds


def test_bounces_say_of_which_kind_they_are() -> None:
    """Hard, suppressed by SES, suppressed by the account, and soft."""
    account = Account()
    account.ses.suppress("known@example.org", "BOUNCE")
    for name in ("bounce", "suppressionlist", "ooto"):
        account.ses.send_bulk(bulk([entry(f"{name}@simulator.amazonses.com")]))
    account.ses.send_bulk(bulk([entry("Known@example.org")]))
    bounces = [event["bounce"] for event in account.events if event["eventType"] == "Bounce"]
    assert [(b["bounceType"], b["bounceSubType"]) for b in bounces] == [
        ("Permanent", "General"),
        ("Permanent", "Suppressed"),
        ("Transient", "General"),
        ("Permanent", "OnAccountSuppressionList"),
    ]
    account.ses.unsuppress("known@example.org")
    with pytest.raises(SesError, match="NotFoundException"):
        account.ses.unsuppress("known@example.org")


def test_events_carry_the_mail_with_its_tags_and_headers() -> None:
    """Every event names message, recipient, our headers and tags, and the tags that SES adds itself."""
    account = Account()
    request = bulk(
        [
            entry(
                "a@example.org",
                ReplacementHeaders=pairs({"X-Queue-Item-Id": "55f2c87b09a220a78"}),
                ReplacementTags=pairs({"recipient": "55f2c87b09a220a78"}),
            )
        ]
    )
    [result] = account.ses.send_bulk(request)["BulkEmailEntryResults"]
    for event in account.events:
        mail = event["mail"]
        assert mail["messageId"] == result["MessageId"]
        assert mail["destination"] == ["a@example.org"]
        assert mail["tags"]["recipient"] == ["55f2c87b09a220a78"]
        assert mail["tags"]["ses:configuration-set"] == ["envoi-dev"]
        assert {"name": "X-Queue-Item-Id", "value": "55f2c87b09a220a78"} in mail["headers"]
    json.dumps(account.events)


def test_a_virus_is_accepted_and_then_rejected() -> None:
    """Send, then Reject; and nobody receives it."""
    account = Account()
    account.ses.send_bulk(bulk(people(1), text="EICAR-STANDARD-ANTIVIRUS-TEST-FILE"))
    assert account.kinds() == ["Send", "Reject"]
    assert len(account.ses.mailbox) == 0


def test_without_a_configuration_set_nothing_is_published() -> None:
    """Event publishing belongs to the configuration set."""
    account = Account()
    assert account.statuses(bulk(people(1), ConfigurationSetName=None)) == ["SUCCESS"]
    assert account.events == []


def test_the_rate_counts_recipients_per_second() -> None:
    """What fits in the second is accepted, the rest throttled; a call of which nothing fits is refused whole."""
    account = Account(max_send_rate=10)
    assert account.statuses(bulk(people(12))) == ["SUCCESS"] * 10 + ["ACCOUNT_THROTTLED"] * 2
    assert account.refusal(bulk(people(1))) == "TooManyRequestsException"
    account.clock.advance(1)
    assert account.statuses(bulk(people(10))) == ["SUCCESS"] * 10
    stats = account.ses.stats()
    assert (stats["calls"], stats["recipients"], stats["mostRecipientsInOneSecond"]) == (3, 20, 10)
    assert stats["refusalsByReason"] == {"ACCOUNT_THROTTLED": 2, "TooManyRequestsException": 1}


def test_the_quota_is_of_the_last_24_hours() -> None:
    """It fills up entry by entry, is said so, leaves the simulator out, and empties as the day passes."""
    account = Account(max_24_hour_send=3)
    account.ses.send_bulk(bulk([entry("success@simulator.amazonses.com")]))
    account.ses.send_bulk(bulk(people(2)))
    account.clock.advance(60)
    assert account.statuses(bulk(people(2))) == ["SUCCESS", "ACCOUNT_DAILY_QUOTA_EXCEEDED"]
    with pytest.raises(SesError, match="Daily message quota exceeded"):
        account.ses.send_bulk(bulk(people(1)))
    account.clock.advance(86_400 - 60)
    assert account.ses.get_account()["SendQuota"]["SentLast24Hours"] == 1.0
    assert account.statuses(bulk(people(2))) == ["SUCCESS"] * 2


@pytest.mark.parametrize(
    "request_",
    [
        bulk([]),
        bulk(people(51)),
        bulk(people(1), FromEmailAddress="nobody"),
        bulk(people(1), FromEmailAddress="Émile <news@example.com>"),
        bulk([entry("no-at-sign")]),
        bulk([entry("élise@example.org")]),
        bulk([entry("a@exämple.org")]),
        bulk(people(1), html="x" * 1_000_000),
        bulk([entry("a@example.org", {"x": "y" * 262_144})]),
        bulk(people(1), DefaultContent={"Template": {"TemplateName": "stored"}}),
        bulk(
            people(1),
            DefaultContent={"Template": {"TemplateContent": {"Text": "x"}, "TemplateData": "nonsense"}},
        ),
        bulk([entry("a@example.org", ReplacementHeaders=pairs({f"X-{n}": "v" for n in range(16)}))]),
        bulk([entry("a@example.org", ReplacementHeaders=pairs({"X-Long": "v" * 991}))]),
        bulk([entry("a@example.org", ReplacementHeaders=pairs({"X-Umlaut": "ü"}))]),
        bulk([entry("a@example.org", ReplacementHeaders=pairs({"X-Break": "a\r\nBcc: b@example.org"}))]),
        bulk([entry("a@example.org", ReplacementHeaders=pairs({"Subject": "mine"}))]),
        bulk([entry("a@example.org", ReplacementHeaders=pairs({"X Space": "v"}))]),
        bulk([entry("a@example.org", ReplacementTags=pairs({"name": "a b"}))]),
        bulk([entry("a@example.org", ReplacementTags=pairs({"ses:own": "v"}))]),
        bulk([entry("a@example.org", ReplacementTags=pairs({"long": "v" * 257}))]),
    ],
)
def test_what_is_malformed_is_refused_whole(request_: dict[str, Any]) -> None:
    """One entry at fault refuses the call for all: nobody gets a message, no event, no count against the rate."""
    account = Account()
    assert account.refusal(request_) == "BadRequestException"
    assert account.events == []
    assert account.ses.stats()["recipients"] == 0


def test_the_limits_themselves_are_allowed() -> None:
    """50 entries, 15 headers, 996 characters of a header, 256 of a tag."""
    account = Account()
    headers = {f"X-{n}": "v" for n in range(14)} | {"X-Long": "v" * 990}
    tags = {"t" * 256: "v" * 256, "ses:feedback-id-a": "campaign"}
    entries = [entry("a@example.org", ReplacementHeaders=pairs(headers), ReplacementTags=pairs(tags))] * 50
    assert account.statuses(bulk(entries)) == ["SUCCESS"] * 50


def test_broken_data_of_one_entry_fails_that_entry() -> None:
    """The others are sent."""
    account = Account()
    broken = entry("a@example.org")
    broken["ReplacementEmailContent"] = {"ReplacementTemplate": {"ReplacementTemplateData": "[1]"}}
    assert account.statuses(bulk([broken, *people(1)])) == ["INVALID_PARAMETER", "SUCCESS"]


@pytest.mark.parametrize(
    ("faults", "request_", "code"),
    [
        ({"account_suspended": True}, bulk(people(1)), "AccountSuspendedException"),
        ({"sending_paused": True}, bulk(people(1)), "SendingPausedException"),
        ({}, bulk(people(1), ConfigurationSetName="other"), "NotFoundException"),
        ({}, bulk(people(1), FromEmailAddress="a@unverified.example"), "MessageRejected"),
    ],
)
def test_the_account_says_no(faults: dict[str, Any], request_: dict[str, Any], code: str) -> None:
    """Suspended, paused, no such configuration set, a sender that is not verified."""
    assert Account(**faults).refusal(request_) == code


def test_in_the_sandbox_only_verified_recipients_and_the_simulator_are_reached() -> None:
    """The entry of anybody else is rejected with SES's sentence, which names the address."""
    account = Account(sandbox=True)
    account.ses.identities.add("me@example.org")
    entries = [entry("me@example.org"), entry("success@simulator.amazonses.com"), entry("you@example.org")]
    answers = account.ses.send_bulk(bulk(entries))["BulkEmailEntryResults"]
    assert [answer["Status"] for answer in answers] == ["SUCCESS", "SUCCESS", "MESSAGE_REJECTED"]
    assert "Email address is not verified" in answers[2]["Error"]
    assert "you@example.org" in answers[2]["Error"]
    assert account.ses.get_account()["ProductionAccessEnabled"] is False


def test_an_identity_covers_its_addresses() -> None:
    """A domain is found, an address of it is no identity of its own, and an unverified domain is none."""
    identities = Account().ses.identities
    assert identities.get("example.net")["IdentityType"] == "DOMAIN"
    for missing in ("a@example.net", "unverified.example"):
        with pytest.raises(SesError, match="NotFoundException"):
            identities.get(missing)
    identities.add("a@unverified.example")
    assert identities.covers("a@unverified.example")
    assert not identities.covers("b@unverified.example")


def test_faults_strike_as_often_as_they_are_asked_to() -> None:
    """Throttling and 500s accept nothing; a lost answer accepts everything."""
    account = Account(throttle=1)
    assert account.refusal(bulk(people(1))) == "TooManyRequestsException"
    account.ses.faults = Faults(error_before_accept=1)
    assert account.refusal(bulk(people(1))) == "InternalServiceErrorException"
    assert len(account.ses.mailbox) == 0
    account.ses.faults = Faults(timeout_after_accept=1)
    with pytest.raises(AnswerLost):
        account.ses.send_bulk(bulk(people(2)))
    assert len(account.ses.mailbox) == 2
    assert account.kinds() == ["Send", "Delivery"] * 2


def test_mixed_statuses_are_of_every_kind_and_repeatable() -> None:
    """The same seed gives the same answers; only accepted entries have a MessageId and events."""

    def play(seed: int) -> list[str]:
        account = Account(mixed_status=0.5, seed=seed, max_send_rate=10_000)
        statuses = [status for _ in range(10) for status in account.statuses(bulk(people(50)))]
        assert account.kinds().count("Send") == statuses.count("SUCCESS")
        return statuses

    assert play(1) == play(1) != play(2)
    assert set(play(1)) == {"SUCCESS", *ENTRY_STATUSES}


def test_send_events_get_lost_and_events_come_twice_on_demand() -> None:
    """Only Send is dropped; whatever is published may come twice."""
    account = Account(drop_send_events=1)
    account.ses.send_bulk(bulk(people(1)))
    assert account.kinds() == ["Delivery"]
    account.ses.faults = replace(account.ses.faults, drop_send_events=0, duplicate_events=1)
    account.events.clear()
    account.ses.send_bulk(bulk(people(1)))
    assert account.kinds() == ["Send", "Send", "Delivery", "Delivery"]


@pytest.mark.parametrize(
    "body",
    [
        {"unknown": 1},
        {"throttle": 2},
        {"throttle": "x"},
        {"maxSendRate": True},
        {"sandbox": 1},
        {"statuses": []},
    ],
)
def test_faults_that_are_none_are_refused(body: dict[str, Any]) -> None:
    """Unknown names, probabilities over 1 and wrong types."""
    with pytest.raises(SesError):
        Faults.of(body)


def test_faults_are_named_in_camel_case() -> None:
    """As in ``PUT /_local/faults``; what is not named is as at the start."""
    body = {"dropSendEvents": 0.5, "duplicateEvents": True, "maxSendRate": 14, "max24HourSend": -1, "seed": 7}
    expected = Faults(
        drop_send_events=0.5, duplicate_events=1.0, max_send_rate=14.0, max_24_hour_send=-1.0, seed=7
    )
    assert Faults.of(body) == expected


@given(
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0.0, 0.3, 1.0, 40_000.0])), max_size=25),
    st.integers(1, 15),
    st.integers(1, 40),
)
def test_neither_rate_nor_quota_is_ever_exceeded(
    calls: list[tuple[int, float]], rate: int, quota: int
) -> None:
    """Whatever the order of calls and pauses: per clock second and per 24 hours, and nothing is refused with room left."""
    account = Account(max_send_rate=rate, max_24_hour_send=quota)
    accepted: list[float] = []
    for size, pause in calls:
        now = account.clock.now().timestamp()
        room = min(
            rate - sum(int(at) == int(now) for at in accepted),
            quota - sum(int(at) > int(now) - 86_400 for at in accepted),
        )
        try:
            done = account.statuses(bulk(people(size))).count("SUCCESS")
        except SesError:
            done = 0
        assert done == min(size, max(0, room))
        accepted += [now] * done
        account.clock.advance(pause)


def test_many_threads_share_one_account() -> None:
    """Counts are exact, and the rate holds over all of them."""
    account = Account(max_send_rate=100)
    done: list[int] = []

    def send() -> None:
        for _ in range(10):
            try:
                done.append(account.statuses(bulk(people(3))).count("SUCCESS"))
            except SesError:
                done.append(0)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == account.ses.stats()["recipients"] == len(account.ses.mailbox) == 100
