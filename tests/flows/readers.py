"""A mass email that was sent, with the real storage and wiring: for all that comes after the send."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.activity import Activity
from chalicelib.domain.ids import Place, base_of, new_id
from chalicelib.domain.ledger import Member, RecipientStatus, Result, first_chunk
from chalicelib.domain.message import Link
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.ports import Membership
from chalicelib.domain.public_tokens import KeyRing
from chalicelib.domain.records import (
    Campaign,
    CampaignType,
    Contact,
    MassEmail,
    MassEmailStatus,
    TargetList,
    TargetType,
    TrackingUrl,
    UrlAction,
)
from chalicelib.domain.runs import Phase, Run, Stretch
from chalicelib.flows.tracking import Visit
from chalicelib.storage import keys
from chalicelib.storage.ledger_items import people_item
from chalicelib.storage.table import Table
from chalicelib.wiring import Wiring
from devstack import resources
from tests.fakes.clock import FakeClock
from tests.fakes.dynamodb.client import FakeDynamoDB
from tests.fakes.dynamodb.touched import Touched

SENT_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
BROWSER = Visit("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", is_machine=False)
SCANNER = Visit("Barracuda Sentinel (EE)", is_machine=True)
RING = KeyRing(signing={1: b"s" * 32}, signs_with=1, address=b"a" * 32)


class StillRing:
    """The key ring, without Secrets Manager."""

    def ring(self) -> KeyRing:
        """The keys."""
        return RING

    def refetched(self) -> KeyRing:
        """The same."""
        return RING

    def address_key(self) -> bytes:
        """The key of address hashes."""
        return RING.address


class FakeSettings:
    """The settings, as a test likes them."""

    def __init__(self) -> None:
        self.now = OrgSettings(mass_email_open_tracking=True, outbound_email_from_name="Atelier Martin")

    def get(self) -> OrgSettings:
        """As they are now."""
        return self.now

    def set(self, **changes: Any) -> None:
        """Change them."""
        self.now = replace(self.now, **changes)


class FakeOutbox:
    """The jobs queue; ``is_down`` refuses everything."""

    def __init__(self) -> None:
        self.jobs: list[Mapping[str, object]] = []
        self.is_down = False

    def job(self, message: Mapping[str, object], *, delay: int = 0) -> None:
        """Put one message on the jobs queue."""
        if self.is_down:
            raise ConnectionError("the queue is down")
        self.jobs.append(message)


class Died(BaseException):
    """The process was killed: nothing catches this."""


class Client:
    """The in-memory client, which can be told to fail: ``is_down`` for all, ``dies_at`` for one request.

    ``dies_at`` counts from 0; ``dies_after`` says that the request is still carried out, only nobody sees the answer.
    """

    def __init__(self, inner: FakeDynamoDB) -> None:
        self._inner = inner
        self.exceptions = inner.exceptions
        self.is_down = False
        self.dies_at: int | None = None
        self.dies_after = False
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(**request: Any) -> Any:
            if self.is_down:
                raise ConnectionError("the table is down")
            dies = self.dies_at == len(self.calls)
            self.calls.append(name)
            if dies and not self.dies_after:
                raise Died
            answer = method(**request)
            if dies:
                raise Died
            return answer

        return call


class Mailing(Wiring):
    """A wiring with one campaign whose mass email was sent to ``count`` contacts, an hour before its clock.

    ``links``: index 0 redirects by a tracking URL, 1 is a plain link, 2 shows a message, 3 and more are plain links.
    """

    def prepare(self, count: int, campaign_type: CampaignType = CampaignType.EMAIL) -> None:
        """Store all of it."""
        self._made = SENT_AT - timedelta(days=1)
        self.list_ids = [self._list("Readers"), self._list("Friends")]
        self.campaign = Campaign(**self._record(), name="Spring", type=campaign_type)
        self.campaign_store.add(self.campaign)
        self.url = TrackingUrl(**self._record(), name="Shop", url="https://shop.example/spring")
        self.tracking_url_store.add(self.url)
        self.note = TrackingUrl(
            **self._record(), name="Note", action=UrlAction.SHOW_MESSAGE, message="**Thank you**"
        )
        self.tracking_url_store.add(self.note)
        self.contacts = [self.person(f"reader{number}@example.com") for number in range(count)]
        self.mass_email = self.sent(self.contacts)

    def person(self, address: str | None) -> Contact:
        """A contact on the first list."""
        contact = Contact(**self._record(), first_name="Åse", email_address=address)
        self.target_store.add(contact)
        self.memberships.add(self.list_ids[0], [Membership(self.list_ids[0], TargetType.CONTACT, contact.id)])
        return contact

    def sent(
        self,
        contacts: Sequence[Contact],
        *,
        campaign_id: str | None = "",
        at: datetime = SENT_AT,
        **fields: Any,
    ) -> MassEmail:
        """A mass email that went to these people, as the freeze and the sender leave it."""
        record = MassEmail(
            **self._record(),
            name="March",
            status=MassEmailStatus.COMPLETE,
            campaign_id=self.campaign.id if campaign_id == "" else campaign_id,
            start_at=SENT_AT,
            email_template_id="e" * 17,
            **{"target_list_ids": tuple(self.list_ids), **fields},
        )
        self.table.put(self.mass_email_store._records.item(record))
        base = base_of(record.id)
        self.table.put({**keys.base(base), "massEmailId": {"S": record.id}})
        members = [self.member(contact) for contact in contacts]
        for number, start in enumerate(range(0, len(members), 50)):
            self.write_segment(base, number, members[start : start + 50], at)
        segments = -(-len(members) // 50)
        last = len(members) - 50 * (segments - 1) if segments else 0
        stretches = (Stretch(0, segments, 50, last),) if segments else ()
        run = Run(record.id, Phase.FROZEN, 1, stretches=stretches, segments=segments, recipients=len(members))
        self.runs.save(run)
        self.runs.write_pointers(
            record.id, {number: members[50 * number : 50 * number + 50] for number in range(segments)}
        )
        links = [
            Link(UrlAction.REDIRECT, "https://shop.example/old", tracking_url_id=self.url.id),
            Link(UrlAction.REDIRECT, "https://plain.example/"),
            Link(UrlAction.SHOW_MESSAGE, None, "old", tracking_url_id=self.note.id),
            *(Link(UrlAction.REDIRECT, f"https://plain.example/{number}") for number in range(3, 9)),
        ]
        self.runs.append_links(record.id, 0, links)
        return record

    def member(self, contact: Contact, address: str | None = None) -> Member:
        """The contact as frozen, sent to through the first list."""
        told = address or contact.email_address
        assert told is not None
        return Member(TargetType.CONTACT, contact.id, told, self.key_of(told), (0,))

    def write_segment(self, base: str, number: int, members: Sequence[Member], at: datetime) -> None:
        """A segment whose every recipient was sent their message at this time."""
        self.table.put(people_item(base, number, members))
        waiting = first_chunk(0, len(members))
        claimed = replace(waiting, state="Ctoken", claimed_at=at, call_by=at)
        self.ledger.advance(base, number, waiting, claimed)
        results = {
            position: Result(RecipientStatus.SENT, message_id=f"m{position}")
            for position in range(len(members))
        }
        self.ledger.advance(base, number, claimed, replace(claimed, state="D", done_at=at, results=results))

    def place(self, position: int = 0, segment: int = 0, mass_email: MassEmail | None = None) -> Place:
        """Where a recipient of the mass email stands."""
        return Place(base_of((mass_email or self.mass_email).id), segment, position)

    def _list(self, name: str) -> str:
        record = TargetList(**self._record(), name=name)
        self.list_store.add(record)
        return record.id

    def _record(self) -> dict[str, Any]:
        self._made += timedelta(milliseconds=5)
        return {"id": new_id(self._made, lambda _: 7), "created_at": self._made, "modified_at": self._made}


class Stage(Mailing):
    """A mailing on a table in memory."""

    def __init__(self, count: int = 3, *, campaign_type: CampaignType = CampaignType.EMAIL) -> None:
        super().__init__({}, FakeClock(SENT_AT + timedelta(hours=1)))
        self.dynamodb = FakeDynamoDB()
        resources._make_table(self.dynamodb)
        self.api = Client(self.dynamodb)
        self.requests: list[Touched] = []
        self.queue = FakeOutbox()
        self.org = FakeSettings()
        given: dict[str, Any] = {
            "table": Table(self.api, resources.PREFIX, lambda seconds: None),
            "key_ring": StillRing(),
            "outbox": self.queue,
            "settings_store": self.org,
        }
        self.__dict__.update(given)
        self.prepare(count, campaign_type)
        self.dynamodb.observe(self.requests.append)

    def counted(self) -> int:
        """How many requests were made since this was asked last."""
        count = len(self.requests)
        self.requests.clear()
        return count

    def stored(self, *, but: frozenset[str] = frozenset()) -> list[str]:
        """Everything in the table, comparable; without these attributes."""
        items = self.dynamodb.items(resources.PREFIX)
        return sorted(
            repr(_sorted({name: value for name, value in item.items() if name not in but})) for item in items
        )

    def activity_at(self, place: Place) -> Activity:
        """The marks of the recipient's segment."""
        [segment] = self.ledger.progress(place.base, [place.segment])
        return segment.activity

    def actions(self, **search: Any) -> list[str]:
        """The campaign's log as ``action`` and ``first``, oldest first, without what was sent."""
        from chalicelib.flows.log import LogSearch  # noqa: PLC0415 - the log's own tests do more

        records = self.log.of_campaign(self.campaign.id, LogSearch(limit=200, **search)).items
        told = [f"{each.action}{'' if each.first else ' again'}" for each in records if each.action != "Sent"]
        return told[::-1]


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((name, _sorted(part)) for name, part in value.items())
    return sorted(value) if isinstance(value, set | frozenset) else value
