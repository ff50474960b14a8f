"""The flows of the resources over fakes, joined as the wiring joins them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.ids import new_id
from chalicelib.domain.message import CompiledMessage, Link, MessageSource
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.records import Campaign, EmailTemplate, MassEmail, TargetList, TrackingUrl
from chalicelib.errors import FieldError, Invalid
from chalicelib.flows.campaigns import Campaigns
from chalicelib.flows.email_templates import EmailTemplates
from chalicelib.flows.mass_emails import Drafting
from chalicelib.flows.readiness import Readiness
from chalicelib.flows.target_lists import TargetLists
from chalicelib.flows.tracking_urls import TrackingUrls
from tests.fakes.clock import FakeClock
from tests.fakes.mass_emails import FakeMassEmails, FakeTurns
from tests.fakes.people import FakeAddresses, FakeMemberships, FakeTargets
from tests.fakes.records import FakeRecords


class PlainRenderer:
    """A renderer that knows one fault, ``{{``, and the placeholder of tracking URLs."""

    def check(self, subject: str, body: str, body_plain: str | None, *, is_html: bool) -> None:
        """Refuse ``{{`` in the body."""
        if "{{" in body:
            raise Invalid(FieldError("body", "line 1: does not compile"))

    def tracking_url_ids(self, body: str, body_plain: str | None) -> frozenset[str]:
        """The ids that the text names."""
        return frozenset(re.findall(r"\{trackingUrl:(\w+)\}", body + (body_plain or "")))

    def links_of(
        self, source: MessageSource, known: Sequence[Link], tracking_urls: Mapping[str, Link]
    ) -> Sequence[Link]:
        """Not asked for by the resources."""
        raise NotImplementedError

    def compile(self, source: MessageSource) -> CompiledMessage:
        """Not asked for by the resources."""
        raise NotImplementedError


class FakeSettings:
    """``domain.ports.SettingsStore``."""

    def __init__(self) -> None:
        self.stored = OrgSettings(outbound_email_from_address="news@example.com")

    def get(self) -> OrgSettings:
        """As stored."""
        return self.stored

    def replace(self, settings: OrgSettings, *, expected_rev: int) -> OrgSettings:
        """Store."""
        self.stored = replace(settings, rev=expected_rev + 1)
        return self.stored


class Desk:
    """Everything that a caller needs to prepare a mass email."""

    def __init__(self, *, public_url: str = "https://envoi.example.com") -> None:
        self.clock = FakeClock()
        self.turns = FakeTurns()
        self.campaign_rows: FakeRecords[Campaign] = FakeRecords()
        self.template_rows: FakeRecords[EmailTemplate] = FakeRecords()
        self.url_rows: FakeRecords[TrackingUrl] = FakeRecords()
        self.list_rows: FakeRecords[TargetList] = FakeRecords()
        self.turns.stores = {
            Campaign: self.campaign_rows,
            EmailTemplate: self.template_rows,
            TargetList: self.list_rows,
        }
        self.store = FakeMassEmails(self.turns, self.campaign_rows)
        self.settings = FakeSettings()
        addresses = FakeAddresses()
        self.targets = FakeTargets(addresses)
        self.memberships = FakeMemberships(self.targets, addresses)
        self._join(PlainRenderer(), public_url)
        self._made = 0

    def _join(self, renderer: PlainRenderer, public_url: str) -> None:
        turns, clock, make_id = self.turns, self.clock, self._make_id
        self.readiness = Readiness(
            self.campaign_rows,
            self.template_rows,
            self.list_rows,
            self.url_rows,
            self.settings,
            renderer,
            lambda: public_url,
        )
        self.campaigns = Campaigns(self.campaign_rows, self.list_rows, self.store, turns, clock, make_id)
        self.templates = EmailTemplates(self.template_rows, self.store, renderer, turns, clock, make_id)
        self.urls = TrackingUrls(self.url_rows, self.campaign_rows, turns, clock, make_id)
        self.emptied: list[str] = []
        self.lists = TargetLists(
            self.list_rows, self.memberships, self.store, turns, clock, self.emptied.append, make_id
        )
        self.drafting = Drafting(self.store, self.readiness, turns, clock, make_id)

    def _make_id(self, now: datetime) -> str:
        self._made += 1
        self.clock.advance(0.001)
        return new_id(now, lambda _: self._made)

    def campaign(self, **fields: Any) -> Campaign:
        """A new campaign."""
        return self.campaigns.create({"name": "Spring", **fields})

    def template(self, **fields: Any) -> EmailTemplate:
        """A new template."""
        return self.templates.create({"name": "News", "subject": "Hello", "body": "<p>Hi</p>", **fields})

    def target_list(self, **fields: Any) -> TargetList:
        """A new list."""
        return self.lists.create({"name": "Readers", **fields}).target_list

    def tracking_url(self, **fields: Any) -> TrackingUrl:
        """A new tracking URL."""
        return self.urls.create({"name": "Shop", "url": "https://example.com/", **fields})

    def mass_email(self, **fields: Any) -> MassEmail:
        """A new mass email, Pending unless said otherwise, with a template and a list of its own."""
        given = {"name": "March", "start_at": self.clock.now(), **fields}
        if "email_template_id" not in given:
            given["email_template_id"] = self.template().id
        if "target_list_ids" not in given:
            given["target_list_ids"] = (self.target_list().id,)
        return self.drafting.create(given)

    def in_status(self, mass_email: MassEmail, **values: Any) -> MassEmail:
        """Put it where only sending would have brought it."""
        return self.store.change(replace(mass_email, **values), mass_email)


def fields_of(error: Invalid) -> list[str]:
    """The fields that are named."""
    return [fault.field for fault in error.errors]
