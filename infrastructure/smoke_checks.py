"""What the smoke test looks at, each thing by its name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from typing import Any

from chalicelib.domain.events import TAG_ATTEMPT, TAG_MASS_EMAIL, TAG_RECIPIENT
from infrastructure.smoke_calls import Caller
from infrastructure.smoke_events import Event
from infrastructure.smoke_mailing import NAME, STATIC, Mailing

ACCEPTS = (None, "*/*", "image/*", "image/avif,image/webp,*/*;q=0.8", "text/html", "application/json")
GIF = b"GIF89a"
FATES = {
    "success": {"Send", "Delivery"},
    "bounce": {"Send", "Bounce"},
    "complaint": {"Send", "Delivery", "Complaint"},
    "suppressionlist": {"Send", "Bounce"},
}
"""The events that each mailbox brings about."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``seen`` is what came instead."""

    name: str
    holds: bool
    seen: str = ""


@dataclass(frozen=True)
class Evidence:
    """What there is to look at after the send."""

    mailing: Mailing
    events: Sequence[Event]
    log: Sequence[Mapping[str, Any]]
    flags: Mapping[str, Mapping[str, Any]]  # by mailbox
    message: Mapping[str, Any] = field(default_factory=dict)

    def of(self, mailbox: str) -> list[Event]:
        """The events of one mailbox's message."""
        message_id = self.mailing.recipients.get(mailbox, {}).get("messageId")
        return [each for each in self.events if message_id and each["mail"]["messageId"] == message_id]


def enough(mailing: Mailing, events: Sequence[Event]) -> bool:
    """Whether all events that can be hoped for have come."""
    found = Evidence(mailing, events, (), {})
    return all(kinds <= _kinds(found.of(mailbox)) for mailbox, kinds in FATES.items())


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Everything about the mailing."""
    for mailbox in FATES:
        recipient = evidence.mailing.recipients.get(mailbox, {})
        yield _same(f"sent to {mailbox}", recipient.get("status"), "Sent")
    for mailbox, kinds in FATES.items():
        seen = _kinds(evidence.of(mailbox))
        yield Finding(f"events of {mailbox}", kinds <= seen, ", ".join(sorted(seen)))
    yield from _subjects(evidence)
    yield from _headers(evidence)
    yield from _tags(evidence)
    yield from _log(evidence)
    yield from _flags(evidence)
    html = str(evidence.message.get("html", ""))
    yield Finding("{{ in the template's own text", STATIC in html, html)
    yield Finding("{{ and non-ASCII in a value", f"<p>{NAME}</p>" in html, html)


def taken_in(evidence: Evidence) -> bool:
    """Whether the stage has made of the events what it should: that takes it a moment longer than it takes us."""
    return all(each.holds for each in (*_log(evidence), *_flags(evidence)))


def _subjects(evidence: Evidence) -> Iterator[Finding]:
    """SES itself has put the value in: ``{{`` in it must not have been taken for a placeholder."""
    for mailbox in FATES:
        told = {each["mail"]["commonHeaders"]["subject"] for each in evidence.of(mailbox)[:1]}
        seen = "".join(str(make_header(decode_header(subject))) for subject in told)
        yield _same(f"subject to {mailbox}", seen, evidence.mailing.subject)


def _headers(evidence: Evidence) -> Iterator[Finding]:
    """As SES sent them."""
    (event,) = evidence.of("bounce")[:1] or [{"mail": {"headers": []}}]
    seen = {each["name"].lower(): each["value"] for each in event["mail"]["headers"]}
    recipient_id = evidence.mailing.recipients.get("bounce", {}).get("id", "")
    exact = {
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "AutoReply",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "X-Queue-Item-Id": recipient_id,
    }
    for name, value in exact.items():
        yield _same(f"header {name}", seen.get(name.lower()), value)
    unsubscribe = seen.get("list-unsubscribe", "")
    yield Finding("header List-Unsubscribe", unsubscribe.startswith("<http"), unsubscribe)
    yield Finding("header List-Id", "<" in seen.get("list-id", ""), seen.get("list-id", ""))


def _tags(evidence: Evidence) -> Iterator[Finding]:
    """In every event: by them a recipient is found."""
    for mailbox, recipient in sorted(evidence.mailing.recipients.items()):
        wanted = {TAG_MASS_EMAIL: [evidence.mailing.mass_email_id], TAG_RECIPIENT: [recipient["id"]]}
        events = evidence.of(mailbox)
        tagged = [
            each
            for each in events
            if {**each["mail"].get("tags", {}), **wanted} == each["mail"].get("tags", {})
            and TAG_ATTEMPT in each["mail"]["tags"]
        ]
        holds = bool(events) and len(tagged) == len(events)
        yield Finding(f"tags in the events of {mailbox}", holds, f"{len(tagged)} of {len(events)}")


def _log(evidence: Evidence) -> Iterator[Finding]:
    """What Envoi made of the events."""
    seen = {(each["emailAddress"], each["action"]) for each in evidence.log}
    actions = {
        "success": "Delivered",
        "bounce": "Bounced",
        "complaint": "Complained",
        "suppressionlist": "Bounced",
    }
    for mailbox, action in actions.items():
        yield Finding(f"log: {action} ({mailbox})", (evidence.mailing.addresses[mailbox], action) in seen)


def _flags(evidence: Evidence) -> Iterator[Finding]:
    yield _same("bounced address is invalid", evidence.flags["bounce"]["invalid"], wanted=True)
    yield _same("complainer is opted out", evidence.flags["complaint"]["optOut"], wanted=True)
    suppressed = evidence.flags["suppressionlist"]
    yield _same("suppressed address", (suppressed["invalid"], suppressed["reason"]), (True, "suppressed"))
    yield _same("good address stays good", evidence.flags["success"]["invalid"], wanted=False)


def pages(caller: Caller, pixel: str, unsubscribe: str) -> Iterator[Finding]:
    """What a reader's mail program and browser get; the gateway's own answers."""
    for accept in ACCEPTS:
        reply = caller.send("GET", f"/t/o/{pixel}", {"Accept": accept} if accept else {})
        holds = reply.status == 200 and reply.body.startswith(GIF)  # noqa: PLR2004 - HTTP
        yield Finding(f"pixel, Accept {accept or 'missing'}", holds, f"{reply.status} {reply.body[:20]!r}")
    page = caller.send("GET", f"/u/{unsubscribe}", {"Accept": "text/html"})
    policy = page.headers.get("content-security-policy", "")
    holds = page.status == 200 and "text/html" in page.headers["content-type"]  # noqa: PLR2004 - HTTP
    yield Finding("unsubscribe page", holds and "default-src 'none'" in policy, f"{page.status} {policy}")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    click = caller.send("POST", f"/u/{unsubscribe}", form, b"List-Unsubscribe=One-Click")
    yield _same("one-click unsubscribe", click.status, 200)
    for name, path, status in (("unknown path", "/nowhere", 404), ("no token", "/v1/quota", 401)):
        reply = caller.send("GET", path)
        seen = (reply.status, reply.headers.get("content-type", "").partition(";")[0])
        yield _same(f"{name} is a problem", seen, (status, "application/problem+json"))


def schedule(events: Any, rule: str, settings: Mapping[str, Any]) -> Iterator[Finding]:
    """The rule that calls ``release`` is the administrator's."""
    found = events.describe_rule(Name=rule)
    yield _same("schedule's rule", found["ScheduleExpression"], settings["sendSchedule"])
    yield _same("schedule is on", found["State"], "ENABLED")


def _kinds(events: Sequence[Event]) -> set[str]:
    return {each["eventType"] for each in events}


def _same(name: str, seen: object, wanted: object) -> Finding:
    return Finding(name, seen == wanted, f"{seen!r}, not {wanted!r}")
