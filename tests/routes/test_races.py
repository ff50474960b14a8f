"""Callers at the same moment: whoever takes something up and whoever deletes it never both succeed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from chalicelib.domain.campaigns import references
from chalicelib.domain.mass_emails import OPEN
from chalicelib.domain.records import CampaignType, MassEmailStatus
from chalicelib.errors import Conflict, Invalid
from tests.routes.resources import Api
from tests.world import World

ROUNDS = 6


@pytest.fixture
def api(world: World) -> Api:
    return Api(world).with_sender()


def at_once(*acts: Callable[[], object]) -> list[bool]:
    """Run them together; whether each went through. Anything but a refusal is a fault."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> bool:
        gate.wait()
        try:
            act()
        except (Conflict, Invalid):
            return False
        return True

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def is_whole(world: World) -> bool:
    """Whether everything that mass emails under way use is there."""
    flows = world.wiring
    for each in flows.mass_email_store.find_many(flows.mass_email_store.open_ids()).values():
        found: set[str] = set(flows.list_store.find_many([*each.target_list_ids]))
        found |= set(flows.template_store.find_many([each.email_template_id]))
        found |= set(flows.campaign_store.find_many([each.campaign_id or ""]))
        if each.status in OPEN and found != references(each):
            return False
    return True


@pytest.mark.parametrize("kind", ["campaigns", "email_templates", "target_lists"])
def test_taking_up_and_deleting(api: Api, kind: str) -> None:
    """A draft that goes to Pending against the delete of what it uses: just one of the two comes through."""
    flows: Any = api.world.wiring
    for _ in range(ROUNDS):
        readers, template = api.target_list()["id"], api.template()["id"]
        campaign = api.campaign(targetListIds=[readers])["id"]
        draft = api.mass_email(campaignId=campaign, emailTemplateId=template, status="Draft")["id"]
        used = {"campaigns": campaign, "email_templates": template, "target_lists": readers}[kind]
        came_through = at_once(
            lambda draft=draft: flows.drafting.edit(draft, {"status": MassEmailStatus.PENDING}),  # type: ignore[misc]
            lambda used=used: getattr(flows, kind).delete(used),  # type: ignore[misc]
        )
        assert sum(came_through) == 1
        assert is_whole(api.world)


def test_a_first_mass_email_and_another_type(api: Api) -> None:
    """A campaign does not become Radio while it gets its first mass email."""
    flows = api.world.wiring
    for _ in range(ROUNDS):
        readers, template = api.target_list()["id"], api.template()["id"]
        campaign = api.campaign(targetListIds=[readers])["id"]
        fields = {
            "campaign_id": campaign,
            "email_template_id": template,
            "start_at": api.world.clock.now(),
            "status": MassEmailStatus.DRAFT,
        }
        came_through = at_once(
            lambda fields=fields: flows.drafting.create(fields),  # type: ignore[misc]
            lambda campaign=campaign: flows.campaigns.edit(campaign, {"type": CampaignType.RADIO}),  # type: ignore[misc]
        )
        assert sum(came_through) == 1
        stored = flows.campaign_store.get(campaign)
        assert (stored.mass_email_count == 1) is came_through[0]
        assert (stored.type is CampaignType.RADIO) is came_through[1]


def test_many_edits_all_count(api: Api) -> None:
    """Eight callers change eight fields of one draft: none is lost, each is a version."""
    made = api.mass_email(status="Draft")["id"]
    changes: list[dict[str, object]] = [
        {"name": "April"},
        {"from_name": "Kari"},
        {"from_address": "kari@example.com"},
        {"reply_to_name": "Ola"},
        {"reply_to_address": "ola@example.com"},
        {"opt_out_entirely": True},
        {"store_sent_emails": True},
        {"start_at": api.world.clock.now()},
    ]
    flows = api.world.wiring
    assert all(at_once(*(lambda change=change: flows.drafting.edit(made, change) for change in changes)))
    stored = flows.mass_email_store.get(made)
    for change in changes:
        for name, value in change.items():
            assert getattr(stored, name) == value
    assert stored.rev == 1 + len(changes)
