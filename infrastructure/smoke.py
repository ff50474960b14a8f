"""``make smoke STAGE=prod FROM=news@example.com``: what only a running stage can show, through SES's mailbox simulator.

Nothing of a stage's settings is changed; what is made is cleared away, but for what the log and the addresses remember.
"""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from chalicelib.domain.ids import Place
from chalicelib.domain.public_tokens import PublicToken, TokenKind, sign
from chalicelib.domain.records import Role
from chalicelib.wiring import Wiring
from infrastructure import smoke_checks
from infrastructure.smoke_calls import Caller, Unexpected
from infrastructure.smoke_checks import Evidence, Finding
from infrastructure.smoke_events import Event, Listener
from infrastructure.smoke_mailing import MAILBOXES, Mailing

PATIENCE = 180.0  # seconds for the send, and again for its events
TOKEN_FOR = timedelta(hours=1)
_POLL = 1.0  # seconds


@dataclass(frozen=True)
class Smoke:
    """One run against a stage, whose wiring it takes as an operator: a token of its own, the keys, the topic.

    ``sender`` empty is the setting's; ``token`` is given where no token can be made: an identity token of the stage's user pool.
    """

    wiring: Wiring
    sender: str
    patience: float = PATIENCE
    token: str = ""

    def run(self) -> list[Finding]:
        """Look at everything; nothing that fails stops the rest.

        Raises:
            Conflict: The stage has a user pool, and no ``token`` was given.
        """
        with self.as_administrator() as caller:
            return list(self._look(caller))

    @contextmanager
    def as_administrator(self) -> Iterator[Caller]:
        """The stage's API; a token that was made for it is revoked."""
        if self.token:
            yield Caller(self.wiring.public_url(), self.token)
            return
        record, text = self.wiring.tokens.create(
            name="smoke", role=Role.ADMIN, expires_at=self.wiring.clock.now() + TOKEN_FOR
        )
        try:
            yield Caller(self.wiring.public_url(), text)
        finally:
            self.wiring.tokens.revoke(record.id)

    def _look(self, caller: Caller) -> Iterator[Finding]:
        settings = caller.call("GET", "/v1/settings")
        rule = self.wiring.environment.release_rule
        yield from smoke_checks.schedule(self.wiring.client("events"), rule, settings)
        sender = self.sender or settings["outboundEmailFromAddress"]
        yield Finding("a sender", bool(sender), "give FROM=…, or set outboundEmailFromAddress")
        if not sender:
            return
        mailing = Mailing(caller, secrets.token_hex(4))
        try:
            yield from self._mail(caller, mailing, sender)
        except Unexpected as refusal:
            yield Finding("the API", holds=False, seen=str(refusal))
        finally:
            for left in mailing.clear_away():
                yield Finding("clearing away", holds=False, seen=left)

    def _mail(self, caller: Caller, mailing: Mailing, sender: str) -> Iterator[Finding]:
        with self._listener(mailing.label) as listener:
            mailing.make(sender)
            sent = mailing.send(self.patience)
            blocked = ", ".join(sent["blockedBy"]) or str(sent["statusReason"])
            yield Finding(
                "mass email is Complete", sent["status"] == "Complete", f"{sent['status']}: {blocked}"
            )
            events = listener.until(partial(smoke_checks.enough, mailing), self.patience)
        if not mailing.recipients:
            return
        yield from smoke_checks.findings(self._evidence(caller, mailing, events))
        place = Place.of(mailing.recipients[MAILBOXES[0]]["id"])
        ring = self.wiring.key_ring.ring()
        pixel, unsubscribe = (
            sign(PublicToken(kind, place), ring) for kind in (TokenKind.OPEN, TokenKind.UNSUBSCRIBE)
        )
        yield from smoke_checks.pages(caller, pixel, unsubscribe)

    def _listener(self, label: str) -> Listener:
        environment = self.wiring.environment
        sqs, sns = self.wiring.client("sqs"), self.wiring.client("sns")
        return Listener(sqs, sns, environment.feedback_topic_arn, f"envoi-{environment.stage}-smoke-{label}")

    def _evidence(self, caller: Caller, mailing: Mailing, events: Sequence[Event]) -> Evidence:
        """As soon as the stage has taken the events in, at the latest when patience ends."""
        end = time.monotonic() + self.patience
        while True:
            evidence = _gathered(caller, mailing, events)
            if smoke_checks.taken_in(evidence) or time.monotonic() >= end:
                return evidence
            time.sleep(_POLL)


def _gathered(caller: Caller, mailing: Mailing, events: Sequence[Event]) -> Evidence:
    path = f"/v1/mass-emails/{mailing.mass_email_id}"
    first = mailing.recipients[MAILBOXES[0]]["id"]
    flags: Mapping[str, Any] = {
        mailbox: caller.call("GET", f"/v1/email-addresses?{urlencode({'address': address})}")
        for mailbox, address in mailing.addresses.items()
    }
    log = caller.call("GET", f"{path}/log?limit=200")["list"]
    message = caller.call("GET", f"{path}/recipients/{first}/message")
    return Evidence(mailing, events, log, flags, message)


def table(found: Sequence[Finding]) -> str:
    """As it is printed: each thing on a line, what failed with what came instead."""
    width = max((len(each.name) for each in found), default=0)
    lines = [
        f"  {'holds' if each.holds else 'FAILS'}  {each.name:<{width}}"
        + ("" if each.holds else f"  {each.seen}")
        for each in found
    ]
    held = sum(each.holds for each in found)
    return "\n".join([*(line.rstrip() for line in lines), "", f"  {held} of {len(found)} hold"])
