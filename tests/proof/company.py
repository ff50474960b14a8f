"""The company whose mail is proven: people, three lists and two mass emails, and what must become of each of them."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

from chalicelib.domain.ids import new_id
from chalicelib.domain.ports import AnyTarget, Membership
from chalicelib.domain.records import (
    Account,
    Campaign,
    CampaignType,
    Contact,
    EmailTemplate,
    Lead,
    MassEmail,
    TargetList,
    TargetType,
    TrackingUrl,
    User,
)
from devstack import resources
from devstack.ses_mailbox import Message
from tests.fakes.aws import CloudSnapshot, FakeClock, InMemoryCloud
from tests.proof.network import switchboard
from tests.proof.processes import dice
from tests.proof.stage import ADMIN, Stage

PORTION = 70  # recipients an hour
BATCH = 25  # items of one BatchWriteItem
BODY = (
    "<html><body><style>p{color:#333}</style><p>Hi {{ Person.firstName or Account.name }}</p>"
    '<p><a href="{trackingUrl:%s}">Spring</a> <a href="{optOutUrl}">Unsubscribe</a>'
    ' <a href="{preferencesUrl}">Your lists</a></p></body></html>'
)


@dataclass(frozen=True)
class Expected:
    """What the last freeze of a mass email must come to: ``members`` of its lists, and who of them is left out, by reason.

    ``earlier``: how many recipients earlier freezes have made. ``failed``: addresses that SES takes no message for.
    """

    members: int
    left_out: Mapping[str, int]
    earlier: int = 0
    failed: Collection[str] = ()

    @property
    def recipients(self) -> int:
        """How many stand in the ledger."""
        return self.earlier + self.members - sum(self.left_out.values())


@dataclass(frozen=True)
class Company:
    """A stage where everything is prepared. ``heartbeat`` is the Send event of a message of yesterday; ``mail`` is SES's so far."""

    cloud: InMemoryCloud
    environ: Mapping[str, str]
    snapshot: CloudSnapshot
    mass_emails: Mapping[str, Expected]
    heartbeat: Any
    mail: Sequence[Message] = ()

    def stage(self, **options: Any) -> Stage:
        """The stage as it was then; the one before it is over."""
        self.cloud.restore(self.snapshot)
        if (dynamodb := options.get("dynamodb")) is not None:
            _fill(dynamodb, list(self.cloud.dynamodb.items(resources.PREFIX)))
        stage = Stage(self.cloud, self.environ, **{"heartbeat": self.heartbeat, **options})
        for message in self.mail:
            stage.ses.mailbox.add(message)
        return stage

    def later(self, stage: Stage, mass_emails: Mapping[str, Expected] | None = None) -> "Company":
        """The company as it has become on its stage."""
        expected = mass_emails or self.mass_emails
        return replace(
            self, snapshot=self.cloud.snapshot(), mass_emails=expected, mail=tuple(stage.ses.mailbox)
        )


def _fill(dynamodb: Any, items: Sequence[Mapping[str, Any]]) -> None:
    """Make the table anew, with these items."""
    name = resources.PREFIX
    if name in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=name)
    resources._make_table(dynamodb)
    off = {"Enabled": False, "AttributeName": "expiresAt"}  # by the real time all of it has expired
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=off)
    for start in range(0, len(items), BATCH):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH]]
        answer = dynamodb.batch_write_item(RequestItems={name: puts})
        assert not answer["UnprocessedItems"]


class Founding:
    """Writes records as the API would have, with ids that are the same every time."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._wiring = stage.process("founder")
        self._numbers = count()
        self._random = dice(1)
        self._at = stage.clock.now() - timedelta(days=2)

    def record(self) -> dict[str, Any]:
        """What every record has."""
        self._at += timedelta(milliseconds=3)
        record_id = new_id(self._at, self._random.getrandbits)
        return {"id": record_id, "created_at": self._at, "modified_at": self._at}

    def person(self, kind: type[AnyTarget] = Contact, **fields: Any) -> AnyTarget:
        """A person or company with an address of its own."""
        number = next(self._numbers)
        name = {"name": f"Firm {number}"} if kind is Account else {"first_name": f"Zoé {number}"}
        made: Any = kind
        target: AnyTarget = made(
            **self.record(), **{"email_address": f"p{number}@example.org", **name, **fields}
        )
        self._wiring.target_store.add(target)
        return target

    def people(self, number: int, kind: type[AnyTarget] = Contact) -> list[AnyTarget]:
        """So many of them."""
        return [self.person(kind) for _ in range(number)]

    def target_list(self, name: str, members: Iterable[AnyTarget], *, left: Iterable[AnyTarget] = ()) -> str:
        """A list with these members; those in ``left`` have opted out of it."""
        record = TargetList(**self.record(), name=name, public_name=f"{name} of Acme")
        self._wiring.list_store.add(record)
        out = {each.id for each in left}
        rows = [
            Membership(record.id, TargetType(type(each).__name__), each.id, opted_out=each.id in out)
            for each in members
        ]
        for start in range(0, len(rows), 30):
            self._wiring.memberships.add(record.id, rows[start : start + 30])
        return record.id

    def template(self) -> str:
        """A template with a name, a tracked link and an opt-out link."""
        url = TrackingUrl(**self.record(), name="Spring", url="https://shop.example/spring")
        self._wiring.tracking_url_store.add(url)
        template = EmailTemplate(
            **self.record(), name="News", subject="Hello {Person.firstName}", body=BODY % url.id
        )
        self._wiring.template_store.add(template)
        return template.id

    def campaign(self, **fields: Any) -> str:
        """A campaign."""
        campaign = Campaign(**self.record(), **{"name": "Spring", "type": CampaignType.NEWSLETTER, **fields})
        self._wiring.campaign_store.add(campaign)
        return campaign.id

    def mass_email(self, template_id: str, list_ids: Sequence[str], **fields: Any) -> str:
        """A Pending mass email that is due."""
        given = {
            "name": "March",
            "start_at": self.stage.clock.now(),
            "email_template_id": template_id,
            "target_list_ids": tuple(list_ids),
            **fields,
        }
        record = MassEmail(**self.record(), **given)
        return self._wiring.mass_email_store.create(record, turn=self._wiring.turns.current()).id

    def settings(self, **changes: Any) -> None:
        """Change the settings."""
        store = self._wiring.settings_store
        before = store.fresh()
        store.replace(replace(before, **changes), expected_rev=before.rev)

    def invalidate(self, target: AnyTarget) -> None:
        """The address bounced for good."""
        wiring, address = self._wiring, target.email_address or ""
        wiring.addresses.mark_invalid(
            wiring.key_of(address), address, reason="bounced", at=self.stage.clock.now()
        )


def founded(stage: Stage) -> Founding:
    """An account that may send, with an hourly limit."""
    founding = Founding(stage)
    founding.settings(
        mass_email_max_per_hour_count=PORTION,
        mass_email_open_tracking=True,
        outbound_email_from_address="news@acme.example",
        mass_email_site_url="https://mail.acme.example",
        sender_postal_address="Acme, 3 rue des Lices, 35000 Rennes",
    )
    return founding


def new_stage(**options: Any) -> Stage:
    """A stage in which there is nothing."""
    cloud = InMemoryCloud(FakeClock(), others={"sesv2": switchboard().client})
    return Stage(cloud, {**cloud.make_stage(), "ENVOI_ADMIN_TOKEN": ADMIN}, **options)


@cache
def company() -> Company:
    """Two mass emails to 200 recipients of three lists, with everybody on them who must be left out."""
    stage = new_stage()
    founding = founded(stage)
    template = founding.template()
    heartbeat = _yesterday(founding, template)
    mass_emails = _two_mass_emails(founding, template)
    return Company(stage.cloud, stage.environ, stage.cloud.snapshot(), mass_emails, heartbeat)


def _yesterday(founding: Founding, template: str) -> Any:
    """One message that was sent yesterday; its Send event."""
    events: list[Any] = []
    stage = founding.stage
    stage.postman = lambda event: events.append(event) or [event]  # type: ignore[func-returns-value]
    founding.mass_email(template, [founding.target_list("Yesterday", founding.people(1))])
    assert stage.settle(), "yesterday's mass email does not end"
    stage.live(timedelta(hours=24))
    assert not stage.troubles, stage.troubles
    [sent] = [event for event in events if event["eventType"] == "Send"]
    return json.loads(json.dumps(sent))


def _two_mass_emails(founding: Founding, template: str) -> Mapping[str, Expected]:
    contacts, leads = founding.people(80), founding.people(40, Lead)
    readers = founding.target_list("Readers", contacts)
    friends = founding.target_list("Friends", [*leads, *contacts[:10]])
    twin = founding.person(User, email_address=str(leads[0].email_address).upper())
    gone = founding.person(User)
    invalid, left = founding.person(User), founding.person(Account)
    founding.invalidate(invalid)
    press = founding.target_list(
        "Press",
        [
            *founding.people(14, Account),
            *founding.people(16, User),
            *(twin, gone, invalid, left),
            founding.person(User, is_active=False),
            founding.person(Account, email_address=None),
        ],
        left=[left],
    )
    founding.stage.process("founder").people.delete(TargetType.USER, gone.id)
    campaign = founding.campaign()
    first = founding.mass_email(template, [readers, friends], campaign_id=campaign)
    second = founding.mass_email(template, [friends, press], store_sent_emails=True)
    reasons = ("duplicateAddress", "invalid", "optedOutOfList", "inactiveUser", "noAddress")
    return {
        first: Expected(130, {"duplicateTarget": 10}),
        second: Expected(85, Counter(reasons)),
    }
