"""Target lists: row 89 of the checklist, less categories."""

from chalicelib.domain.ports import ListCounts, Membership
from chalicelib.domain.records import Contact, TargetType
from tests.flows.desk import Desk


def test_a_list_is_answered_with_its_counts() -> None:
    """Of all members, the opted-out among them; one by one, in pages and after an edit."""
    desk = Desk()
    full, empty = desk.target_list(), desk.target_list(public_name="News", description="x")
    members = [Membership(full.id, TargetType.CONTACT, f"{number:017x}") for number in range(3)]
    for each in members:
        now = desk.clock.now()
        desk.targets.add(Contact(id=each.target_id, created_at=now, modified_at=now, first_name="Åse"))
    desk.memberships.add(full.id, members)
    desk.memberships.mark([full.id], [(TargetType.CONTACT, members[1].target_id)], opted_out=True)
    assert desk.lists.get(full.id).counts == ListCounts(3, 1)
    assert desk.lists.edit(full.id, {"name": "Loyal readers"}).counts == ListCounts(3, 1)
    page = desk.lists.page(limit=10)
    assert [(each.target_list.id, each.counts) for each in page.items] == [
        (empty.id, ListCounts()),
        (full.id, ListCounts(3, 1)),
    ]


def test_pages_continue() -> None:
    """With the key of the records."""
    desk = Desk()
    made = [desk.target_list() for _ in range(3)]
    first = desk.lists.page(limit=2)
    rest = desk.lists.page(limit=2, start=first.next_key)
    assert [each.target_list for each in (*first.items, *rest.items)] == made[::-1]
