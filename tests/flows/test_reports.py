"""Reports: saved, run page by page, and what stands in their columns."""

from typing import Any

import pytest

from chalicelib.domain.columns import MAX_COLUMNS
from chalicelib.domain.people import ref_of
from chalicelib.domain.ports import Membership
from chalicelib.domain.records import Campaign, Report, TargetType
from chalicelib.errors import Invalid
from tests.flows.searchers import CONTACT, LEAD, Town, named

USER = TargetType.USER


@pytest.fixture
def town() -> Town:
    return Town()


def report(town: Town, kind: TargetType = CONTACT, **fields: Any) -> Report:
    return town.wiring.reports.create({"name": "Report", "entity_type": kind, "where": (), **fields})


def rows(town: Town, found: Report, limit: int = 100) -> list[list[Any]]:
    """All pages."""
    made: list[list[Any]] = []
    start = None
    while True:
        page = town.wiring.reports.page(found, limit=limit, start=start)
        made += page.items
        start = page.next_key
        if start is None:
            return made


def test_columns_hold_what_they_name(town: Town) -> None:
    """Own fields, free attributes, flags of the address, a linked record's; null where there is nothing."""
    fjord = town.person(TargetType.ACCOUNT, name="Fjord AS", attributes={"size": 12})
    kari = town.person(
        first_name="Kari",
        last_name="Nordmann",
        email_address="kari@example.com",
        account_id=fjord.id,
        attributes={"tags": ["a"], "deep": {"x": True}},
    )
    ola = town.person(last_name="Nordmann", account_id="0" * 17)
    key = town.wiring.key_of("kari@example.com")
    town.wiring.opt_outs.leave(key, everything=True, list_ids=(), reason="x", at=town.clock.now())
    columns = (
        "id",
        "name",
        "createdAt",
        "emailAddressIsOptedOut",
        "attributes.tags",
        "attributes.deep.x",
        "account.name",
        "account.attributes.size",
    )
    found = rows(town, report(town, columns=columns))
    assert found == [
        [
            ola.id,
            "Nordmann",
            ola.created_at.isoformat().replace("+00:00", "Z"),
            False,
            None,
            None,
            None,
            None,
        ],
        [
            kari.id,
            "Kari Nordmann",
            kari.created_at.isoformat().replace("+00:00", "Z"),
            True,
            ["a"],
            True,
            "Fjord AS",
            12,
        ],
    ]


def test_a_lead_has_its_campaign(town: Town) -> None:
    """As long as it is there."""
    now = town.clock.now()
    campaign = Campaign(id=town.make_id(), created_at=now, modified_at=now, name="Spring")
    town.wiring.campaign_store.add(campaign)
    town.person(LEAD, last_name="Berg", status="New", campaign_id=campaign.id)
    found = report(town, LEAD, columns=("lastName", "status", "campaign.name"))
    assert rows(town, found) == [["Berg", "New", "Spring"]]
    town.wiring.campaigns.delete(campaign.id)
    assert rows(town, found) == [["Berg", "New", None]]


def test_pages_and_order(town: Town) -> None:
    """In the report's order; a place belongs to the version in which it was."""
    for name in ("Berg", "Aas", "Dahl", "Cappelen"):
        town.person(last_name=name)
    found = report(town, columns=("lastName",), order_by="name", order="desc")
    assert rows(town, found, 3) == [["Dahl"], ["Cappelen"], ["Berg"], ["Aas"]]
    page = town.wiring.reports.page(found, limit=3)
    changed = town.wiring.reports.edit(found.id, {"order": "asc"})
    with pytest.raises(Invalid, match="another version"):
        town.wiring.reports.page(changed, limit=3, start=page.next_key)
    assert rows(town, changed)[0] == ["Aas"]


def test_without_columns_there_are_the_usual_ones(town: Town) -> None:
    """Who it is and how they are reached."""
    berg = town.person(last_name="Berg", email_address="berg@example.com")
    assert rows(town, report(town)) == [[berg.id, "Berg", "berg@example.com"]]
    assert rows(town, report(town, USER)) == []


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({"columns": ("name", "size")}, ["columns.1"]),
        ({"columns": ("name", "name")}, ["columns.1"]),
        ({"columns": ("account.owner",)}, ["columns.0"]),
        ({"columns": tuple(f"attributes.a{number}" for number in range(MAX_COLUMNS + 1))}, ["columns"]),
        ({"where": ({"type": "x"},)}, ["where.0.type"]),
        ({"order_by": "status"}, ["orderBy"]),
        (
            {"where": ({"type": "linkedWith", "attribute": "targetLists", "value": ["0" * 17]},)},
            ["where.0.value.0"],
        ),
        ({"columns": ("x",), "where": (5,), "order": "up"}, ["columns.0", "where.0", "order"]),
    ],
)
def test_what_cannot_be_meant(town: Town, fields: dict[str, Any], places: list[str]) -> None:
    """Each fault under its place, at once; also when a report is edited, which changes nothing then."""
    with pytest.raises(Invalid) as refused:
        report(town, **fields)
    assert [error.field for error in refused.value.errors] == places
    stored = report(town)
    with pytest.raises(Invalid):
        town.wiring.reports.edit(stored.id, fields)
    assert town.wiring.report_store.get(stored.id) == stored


def test_another_type_needs_fitting_columns(town: Town) -> None:
    """A lead's status is no contact's."""
    stored = report(
        town, LEAD, columns=("status",), where=({"type": "equals", "attribute": "status", "value": "New"},)
    )
    with pytest.raises(Invalid) as refused:
        town.wiring.reports.edit(stored.id, {"entity_type": CONTACT})
    assert [error.field for error in refused.value.errors] == ["columns.0", "where.0.attribute"]


def test_a_search_is_stored_as_it_was_sent(town: Town) -> None:
    """Numbers, lists and nesting come back the same."""
    item = {"type": "in", "attribute": "attributes.n", "value": [1, 2.5, "x", True]}
    where = ({"type": "or", "value": [item, {"type": "not", "value": {**named("B"), "timeZone": None}}]},)
    stored = town.wiring.report_store.get(report(town, where=where).id)
    assert stored.where == where


def test_members_of_a_list_can_be_reported(town: Town) -> None:
    """Also after the list was deleted: the search was fine when it was saved."""
    reader = town.person(last_name="Berg")
    list_id = town.a_list()
    town.wiring.memberships.add(list_id, [Membership(list_id, *ref_of(reader))])
    found = report(
        town,
        where=({"type": "linkedWith", "attribute": "targetLists", "value": [list_id]},),
        columns=("lastName",),
    )
    town.person(last_name="Lie")
    assert rows(town, found) == [["Berg"]]
    town.wiring.target_lists.delete(list_id)
    assert rows(town, found) == [["Berg"]]
