"""Rows of the checklist that the whole path has to show: made over HTTP, sent by the functions, read over HTTP."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.records import Role
from tests.docs.posting import Post, open_post
from tests.routes.resources import faulty
from tests.world import World

ANNA, BEN, CLEO = "anna@example.org", "ben@example.org", "cleo@example.org"


@pytest.fixture
def post(world: World) -> Iterator[Post]:
    with open_post(world) as made:
        yield made


def test_without_a_campaign_there_are_log_and_statistics_all_the_same(post: Post) -> None:
    """Those of the mass email; and the message can be left (row 9, as changed)."""
    alone = post.api.mass_email(targetListIds=[post.target_list(ANNA)])["id"]
    post.hour()
    [message] = post.inbox()
    assert "List-Unsubscribe" in message["headers"]
    logged = post.api.get(f"/v1/mass-emails/{alone}/log")["list"]
    assert [(each["action"], each["campaignId"]) for each in logged] == [("Delivered", None), ("Sent", None)]
    assert post.api.get(f"/v1/mass-emails/{alone}/stats")["deliveredCount"] == 1


def test_the_hourly_portion_is_of_all_mass_emails_together(post: Post) -> None:
    """What is released counts for an hour, tests never; the next hour has its whole portion (row 31)."""
    post.set(massEmailMaxPerHourCount=3)
    first = post.mass_email(*(f"a{n}@example.org" for n in range(4)))
    second = post.mass_email(*(f"b{n}@example.org" for n in range(4)))
    test = {"targets": [{"type": "Contact", "id": post.contacts["a0@example.org"]}]}
    post.api.post(f"/v1/mass-emails/{first}/send-test", test, 200)
    sent = []
    for seconds in (0, 600, 3_600, 3_600):
        post.hour(seconds)
        sent.append(len(post.inbox()) - 1)
    assert sent == [3, 3, 6, 8]
    for mass_email in (first, second):
        assert set(post.standing(mass_email).values()) == {("Sent", None)}


def test_the_batch_limit_is_of_each_mass_email_and_run(post: Post) -> None:
    """Null is no limit (row 32)."""
    post.set(massEmailMaxPerBatchCount=2)
    mass_emails = [post.mass_email(*(f"{name}{n}@example.org" for n in range(3))) for name in "ab"]
    post.hour()
    statuses = [[status for status, _ in post.standing(each).values()] for each in mass_emails]
    assert [sorted(each) for each in statuses] == [["Pending", "Sent", "Sent"]] * 2
    post.set(massEmailMaxPerBatchCount=None)
    post.hour()
    assert len(post.inbox()) == 6


def test_a_chunk_that_comes_twice_is_sent_once(post: Post) -> None:
    """Claimed before the call: who comes second finds nothing waiting (row 34)."""
    mass_email = post.mass_email(ANNA, BEN)
    chunks = post.released()
    post.deliver(*chunks, *chunks)
    assert sorted(message["to"] for message in post.inbox()) == [ANNA, BEN]
    post.settle()
    assert {each["attemptCount"] for each in post.recipients(mass_email).values()} == {1}


@pytest.mark.parametrize(
    ("change", "reason"), [({"optOut": True}, "optedOut"), ({"invalid": True}, "invalid")]
)
def test_flags_that_come_after_the_freeze_count_at_sending(
    post: Post, change: dict[str, bool], reason: str
) -> None:
    """Who opts out or bounces in between is Skipped, not Failed (row 35)."""
    mass_email = post.mass_email(ANNA, BEN)
    chunks = post.released()
    post.api.patch(f"/v1/email-addresses?address={ANNA}", change)
    post.deliver(*chunks)
    post.settle()
    assert post.standing(mass_email) == {ANNA: ("Skipped", reason), BEN: ("Sent", None)}
    assert [message["to"] for message in post.inbox()] == [BEN]


def test_who_was_deleted_after_the_freeze_is_skipped(post: Post) -> None:
    """And whose address is another one now (row 36)."""
    mass_email = post.mass_email(ANNA, BEN, CLEO)
    chunks = post.released()
    post.api.delete(f"/v1/contacts/{post.contacts[ANNA]}")
    post.api.patch(f"/v1/contacts/{post.contacts[BEN]}", {"emailAddress": "new@example.org"})
    post.deliver(*chunks)
    post.settle()
    reasons = {reason for status, reason in post.standing(mass_email).values() if status == "Skipped"}
    assert reasons == {"targetDeleted", "addressChanged"}
    assert [message["to"] for message in post.inbox()] == [CLEO]


def test_a_passing_failure_is_tried_again_until_the_limit(post: Post) -> None:
    """Three attempts at first; then Failed, with the reason, and nothing of it was sent (row 37)."""
    mass_email = post.mass_email(ANNA)
    with post.trouble(mixed_status=1.0, statuses=("TRANSIENT_FAILURE",)):
        post.hour()
        after_one = post.recipients(mass_email)[ANNA]
        for _ in range(5):
            post.hour()
    assert (after_one["status"], after_one["attemptCount"]) == ("Pending", 1)
    recipient = post.recipients(mass_email)[ANNA]
    assert (recipient["status"], recipient["reason"]) == ("Failed", "attemptsExhausted")
    assert recipient["attemptCount"] == 3
    assert post.inbox() == []


def test_a_passing_failure_that_passes(post: Post) -> None:
    """The second attempt is sent, once (row 37)."""
    mass_email = post.mass_email(ANNA)
    with post.trouble(mixed_status=1.0, statuses=("TRANSIENT_FAILURE",)):
        post.hour()
    post.hour()
    assert post.standing(mass_email) == {ANNA: ("Sent", None)}
    assert len(post.inbox()) == 1


def test_nobody_left_is_complete_and_nobody_reached_is_failed(post: Post) -> None:
    """Complete if somebody was sent to, Failed if nobody was (row 39, as changed)."""
    reached = post.mass_email(ANNA)
    post.hour()
    with post.trouble(mixed_status=1.0, statuses=("MESSAGE_REJECTED",)):
        unreached = post.mass_email(BEN)
        post.hour()
    assert post.api.get(f"/v1/mass-emails/{reached}")["status"] == "Complete"
    assert post.api.get(f"/v1/mass-emails/{unreached}")["status"] == "Failed"
    assert post.standing(unreached) == {BEN: ("Failed", "messageRejected")}


def test_an_administrator_need_not_wait_for_the_schedule(post: Post) -> None:
    """``POST /v1/release`` is the run of the schedule, now; editors may not (row 41)."""
    post.mass_email(ANNA, BEN)
    assert post.world.api("POST", "/v1/release", token=post.world.token(Role.EDITOR))[0] == 403
    assert post.api.post("/v1/release", None, 200) == {"frozen": 1, "released": 2}
    post.settle()
    assert len(post.inbox()) == 2


def test_a_recipient_says_when_where_and_how_often(post: Post) -> None:
    """Address, time, attempts and SES's id, which is another one for each (rows 42, 59)."""
    mass_email = post.mass_email(ANNA, BEN)
    post.hour()
    found = post.recipients(mass_email)
    messages = {message["to"]: message for message in post.inbox()}
    for address in (ANNA, BEN):
        recipient = found[address]
        assert recipient["sentAt"].startswith("2026-03-02T10:00:00")
        assert recipient["attemptCount"] == 1
        assert recipient["messageId"] == messages[address]["messageId"]
        assert recipient["messageId"] in messages[address]["headers"]["Message-ID"]
        assert messages[address]["headers"]["X-Queue-Item-Id"] == recipient["id"]
    assert found[ANNA]["messageId"] != found[BEN]["messageId"]


def test_recipients_are_found_by_status_and_every_role_may_look(post: Post) -> None:
    """Pending, Sent and those left out (row 43)."""
    post.set(massEmailMaxPerHourCount=1)
    post.api.patch(f"/v1/email-addresses?address={CLEO}", {"optOut": True})
    mass_email = post.mass_email(ANNA, BEN, CLEO)
    post.hour()
    by_status = {
        status: len(post.recipients(mass_email, f"&status={status}")) for status in ("Pending", "Sent")
    }
    assert by_status == {"Pending": 1, "Sent": 1}
    path = f"/v1/mass-emails/{mass_email}/recipients"
    [left_out] = post.api.get(f"{path}?status=Skipped&reason=optedOut")["list"]
    assert left_out["targetId"] == post.contacts[CLEO]
    assert post.world.api("GET", path, token=post.world.token(Role.VIEWER))[0] == 200


def test_from_and_reply_to_are_those_of_the_mass_email_else_the_systems(post: Post) -> None:
    """Read at sending, so that a later change of the settings counts (rows 12, 57)."""
    post.mass_email(ANNA)
    post.mass_email(
        BEN,
        fromAddress="own@example.com",
        fromName="Zoë",
        replyToAddress="answers@example.com",
        replyToName="Desk",
    )
    post.set(outboundEmailFromAddress="letters@example.com", outboundEmailFromName="The House")
    post.hour()
    system, own = sorted(post.inbox(), key=lambda message: message["to"])
    assert system["from"] == "The House <letters@example.com>"
    assert "Reply-To" not in system["headers"]
    assert own["from"] == "Zoë <own@example.com>"
    assert own["headers"]["Reply-To"] == "Desk <answers@example.com>"


def test_every_link_for_readers_starts_at_the_site(post: Post) -> None:
    """Opt-out, header, tracked link and pixel (row 60)."""
    site = "https://mail.example.net/news"
    post.set(massEmailSiteUrl=site, massEmailOpenTracking=True)
    post.mass_email(ANNA, trackLinks="all")
    post.hour()
    [message] = post.inbox()
    for kind in ("u", "t/c", "t/o"):
        assert message["html"].count(f'"{site}/{kind}/') == 1
    assert message["html"].count("http") == 3
    assert message["headers"]["List-Unsubscribe"].startswith(f"<{site}/u/")


def test_a_test_goes_to_any_targets_and_to_at_least_one(post: Post) -> None:
    """All four kinds, and one's own address as one of them (row 83)."""
    mass_email = post.mass_email()
    targets = []
    for kind, path in (
        ("Account", "accounts"),
        ("Contact", "contacts"),
        ("Lead", "leads"),
        ("User", "users"),
    ):
        named = {"name": kind} if kind == "Account" else {"firstName": kind}
        made = post.api.post(f"/v1/{path}", {**named, "emailAddress": f"{kind}@example.org"})
        targets.append({"type": kind, "id": made["id"]})
    own = {"emailAddress": "me@example.org", "as": targets[1]}
    path = f"/v1/mass-emails/{mass_email}/send-test"
    results = post.api.post(path, {"targets": [*targets, own]}, 200)["results"]
    assert [result["status"] for result in results] == ["Sent"] * 5
    assert [message["to"] for message in post.inbox()][-1] == "me@example.org"
    assert post.inbox()[-1]["subject"] == "News for Contact"
    assert faulty(post.api.post(path, {"targets": []}, 400)) == ["targets"]
    assert faulty(post.api.post(path, {"targets": [{"type": "Contact"}]}, 400)) == ["targets.0"]


def test_a_test_changes_nothing_but_the_log(post: Post) -> None:
    """Any status, any campaign, nobody of the lists; flagged, in no statistic, not kept (row 84)."""
    lists = {"targetListIds": [post.target_list(ANNA)]}
    campaign = post.api.campaign(type="Newsletter", status="Inactive", **lists)["id"]
    mass_email = post.mass_email(BEN, campaignId=campaign, status="Draft", storeSentEmails=True)
    path = f"/v1/mass-emails/{mass_email}"
    before = post.api.get(path)
    test = {"targets": [{"type": "Contact", "id": post.contacts[ANNA]}]}
    [result] = post.api.post(f"{path}/send-test", test, 200)["results"]
    post.settle()
    assert [message["to"] for message in post.inbox()] == [ANNA]
    assert post.api.get(path) == before
    assert post.api.get(f"{path}/stats")["sentCount"] == 0
    assert post.api.get(f"{path}/recipients")["list"] == []
    assert [each["id"] for each in post.api.get(f"{path}/recipients?isTest=true")["list"]] == [
        result["recipientId"]
    ]
    logged = post.api.get(f"/v1/campaigns/{campaign}/log")["list"]
    assert {(each["action"], each["isTest"]) for each in logged} == {("Sent", True), ("Delivered", True)}
    post.api.get(f"{path}/recipients/{result['recipientId']}/message", 404)


def test_a_stored_message_is_the_one_that_was_sent(post: Post) -> None:
    """Word for word, whatever became of the template since; others are not kept (row 85)."""
    kept = post.mass_email(ANNA, storeSentEmails=True)
    other = post.mass_email(BEN)
    post.hour()
    template = post.api.get(f"/v1/mass-emails/{kept}")["emailTemplateId"]
    post.api.patch(f"/v1/email-templates/{template}", {"body": "<p>Something else</p>"})
    sent = {message["to"]: message for message in post.inbox()}[ANNA]
    recipient = post.recipients(kept)[ANNA]["id"]
    stored = post.api.get(f"/v1/mass-emails/{kept}/recipients/{recipient}/message")
    assert {name: stored[name] for name in ("subject", "html", "text")} == {
        name: sent[name] for name in ("subject", "html", "text")
    }
    assert stored["headers"].items() <= sent["headers"].items()
    post.api.get(f"/v1/mass-emails/{other}/recipients/{post.recipients(other)[BEN]['id']}/message", 404)
