"""People for the benchmarks, written straight into the table: what is measured is what comes after."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from chalicelib.domain.ids import new_id
from chalicelib.domain.records import Account, Contact, TargetList, TargetType
from chalicelib.storage import keys
from chalicelib.storage.codec import Item, to_item, to_value
from chalicelib.storage.targets import HOLDERS
from chalicelib.wiring import Wiring

BORN = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNTS = 40  # companies that the contacts belong to
BATCH = 1_000


def populate(wiring: Wiring, count: int, seed: int) -> str:
    """A list with so many contacts; answers its id."""
    dice = random.Random(seed)
    target_list = TargetList(id=_id(dice), created_at=BORN, modified_at=BORN, name=f"{count} people")
    wiring.table.put({**keys.record("TargetList", target_list.id), **to_item(target_list)})
    accounts = [_account(number, dice) for number in range(ACCOUNTS)]
    wiring.table.write_many(_target_item(TargetType.ACCOUNT, account) for account in accounts)
    born = BORN + timedelta(seconds=seed)  # two populations of one table share nobody
    contacts = [_contact(number, born, accounts, dice) for number in range(count)]
    with ThreadPoolExecutor(4) as pool:
        batches = (contacts[start : start + BATCH] for start in range(0, count, BATCH))
        list(pool.map(lambda some: wiring.table.write_many(_rows(wiring, some, target_list.id)), batches))
    wiring.table.put(
        {**keys.list_counts(target_list.id), "entryCount": {"N": str(count)}, "optedOutCount": {"N": "0"}}
    )
    return target_list.id


def _id(dice: random.Random) -> str:
    return new_id(BORN, dice.getrandbits)


def _account(number: int, dice: random.Random) -> Account:
    return Account(id=_id(dice), created_at=BORN, modified_at=BORN, name=f"Maison {number} & Cie")


def _contact(number: int, born: datetime, accounts: Sequence[Account], dice: random.Random) -> Contact:
    return Contact(
        id=new_id(born, lambda _: number << 4 | dice.getrandbits(4)),
        created_at=BORN,
        modified_at=BORN,
        first_name=dice.choice(("Zoé", "Łukasz", "Noël", "Emma", "Jürgen")),
        last_name=f"Müller{number}",
        email_address=f"reader{number}.{dice.getrandbits(32):08x}@example.org",
        account_id=dice.choice(accounts).id,
        attributes={"city": dice.choice(("Lyon", "Köln", "Łódź")), "customerSince": "2014-03-09"},
    )


def _target_item(target_type: TargetType, target: Account | Contact) -> Item:
    return {**keys.target(target_type, target.id), **to_item(target)}


def _rows(wiring: Wiring, contacts: Sequence[Contact], list_id: str) -> Iterator[Item]:
    """As the API would have written them: the person, the address's holder, the membership and its reverse."""
    for contact in contacts:
        yield _target_item(TargetType.CONTACT, contact)
        holder = wiring.key_of(contact.email_address or "")
        yield {**keys.address_holders(holder), HOLDERS: {"SS": [f"{TargetType.CONTACT}#{contact.id}"]}}
        member: Item = {"addedAt": to_value(BORN), "optedOut": {"BOOL": False}}
        yield {**keys.membership(list_id, TargetType.CONTACT, contact.id), **member}
        yield {**keys.reverse_membership(TargetType.CONTACT, contact.id, list_id), **member}
