"""A whole stage for the sender's flows: real storage and rendering over a table in memory, queues and SES as lists."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from chalicelib.domain.ids import Place, new_id
from chalicelib.domain.ledger import RecipientState, states
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.ports import AnyTarget, Membership
from chalicelib.domain.records import (
    TARGET_CLASSES,
    Campaign,
    EmailTemplate,
    MassEmail,
    MassEmailStatus,
    TargetList,
    TargetType,
)
from chalicelib.domain.runs import Run
from chalicelib.domain.sending import Batch, Effect, Entry, Outcome, SesAccount
from chalicelib.storage.table import Table
from chalicelib.wiring import Wiring
from devstack import resources
from tests.fakes.clock import FakeClock
from tests.fakes.dynamodb import FakeDynamoDB, Touched
from tests.flows.readers import Client, Died, StillRing

BODY = "<html><body><p>Hi {{ Person.firstName }}</p></body></html>"
SENT = Outcome(Effect.SENT)


class Settings:
    """The settings, as a test likes them; ``is_down`` when they cannot be read."""

    def __init__(self) -> None:
        self.now = OrgSettings(
            mass_email_max_per_hour_count=None,
            outbound_email_from_address="news@acme.example",
            mass_email_site_url="https://mail.acme.example",
        )
        self.is_down = False

    def get(self) -> OrgSettings:
        """As they are now."""
        if self.is_down:
            raise ConnectionError("the table is down")
        return self.now

    def set(self, **changes: Any) -> None:
        """Change them."""
        self.now = replace(self.now, **changes)


class Queues:
    """The send and the jobs queue; ``chunks_taken`` and ``jobs_taken`` are all that ever went through them."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._numbers = count()
        self._send: list[tuple[datetime, int, Mapping[str, object]]] = []
        self._jobs: list[tuple[datetime, int, Mapping[str, object]]] = []
        self.chunks_put = 0
        self.jobs_put: list[Mapping[str, object]] = []
        self.delays: list[int] = []
        self.feedback_failures = 0
        self.is_down = False

    def chunks(self, messages: Sequence[Mapping[str, object]], *, delay: int = 0) -> None:
        """Put chunks on the send queue."""
        if self.is_down:
            raise ConnectionError("the queue is down")
        for message in messages:
            self.chunks_put += 1
            self.delays.append(delay)
            heapq.heappush(self._send, (self._due(delay), next(self._numbers), message))

    def job(self, message: Mapping[str, object], *, delay: int = 0) -> None:
        """Put one message on the jobs queue."""
        self.jobs_put.append(message)
        heapq.heappush(self._jobs, (self._due(delay), next(self._numbers), message))

    def backlog(self) -> Mapping[str, int]:
        """What lies in the dead-letter queues."""
        return {"send": 0, "jobs": 0, "feedback": self.feedback_failures}

    def lose(self) -> list[Mapping[str, object]]:
        """Empty the send queue, as if SQS had lost everything; answers what was in it."""
        lost = [message for _, _, message in sorted(self._send, key=lambda each: each[:2])]
        self._send.clear()
        return lost

    def copy(self) -> tuple[list[Any], list[Any]]:
        """What is in both queues."""
        return list(self._send), list(self._jobs)

    def restore(self, copied: tuple[list[Any], list[Any]]) -> None:
        """Be again as then."""
        self._send[:], self._jobs[:] = copied

    def next_chunk(self) -> Mapping[str, object] | None:
        """The next message of the send queue that is due."""
        return self._next(self._send)

    def next_job(self) -> Mapping[str, object] | None:
        """The next message of the jobs queue that is due."""
        return self._next(self._jobs)

    def due_in(self) -> float | None:
        """Seconds until the next message is due; None when both are empty."""
        dues = [queue[0][0] for queue in (self._send, self._jobs) if queue]
        return (min(dues) - self._clock.now()).total_seconds() if dues else None

    def _due(self, delay: int) -> datetime:
        return self._clock.now() + timedelta(seconds=delay)

    def _next(self, queue: list[tuple[datetime, int, Mapping[str, object]]]) -> Mapping[str, object] | None:
        if queue and queue[0][0] <= self._clock.now():
            return heapq.heappop(queue)[2]
        return None


def dying(stage: "Stage", act: Callable[[], object], *, after: bool) -> Iterator[int]:
    """Do it again and again from the same beginning, dying at its first request of the table, at its second, and so on.

    Yields right after each death, with everything as it was left; ``after``: the request itself was still carried out.
    """
    beginning, queued = stage.dynamodb.snapshot(), stage.queues.copy()
    for place in count():
        stage.dynamodb.restore(beginning)
        stage.queues.restore(queued)
        stage.post.forget()
        stage.api.calls.clear()
        stage.api.dies_at, stage.api.dies_after = place, after
        try:
            act()
        except Died:
            pass
        else:
            if len(stage.api.calls) <= place:
                stage.api.dies_at = None
                return
            continue  # that request was refused: whoever asked has seen it
        stage.api.dies_at = None
        yield place


Script = Callable[[Batch], Sequence[Outcome]]


@dataclass
class Post:
    """SES as the sender sees it: takes everything, unless a test scripts the next answers.

    ``accepted`` are the entries that SES took, whether the answer says so or not. ``before`` is called just before the call.
    """

    clock: FakeClock
    scripts: list[Script] = field(default_factory=list)
    always: Script | None = None
    before: Callable[[Batch], object] | None = None
    batches: list[Batch] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    accepted: list[Entry] = field(default_factory=list)

    def send(self, batch: Batch) -> Sequence[Outcome]:
        """One call."""
        if self.before is not None:
            self.before(batch)
        self.batches.append(batch)
        self.times.append(self.clock.now())
        script = self.scripts.pop(0) if self.scripts else self.always
        outcomes = list(script(batch)) if script else [SENT] * len(batch.entries)
        for place, (entry, outcome) in enumerate(zip(batch.entries, outcomes, strict=True)):
            if outcome.effect is Effect.SENT:
                self.accepted.append(entry)
                outcomes[place] = replace(outcome, message_id=f"m{len(self.accepted)}")
        return outcomes

    def forget(self) -> None:
        """Nothing was sent yet."""
        self.batches.clear()
        self.times.clear()
        self.accepted.clear()

    def lost_answer(self, batch: Batch) -> Sequence[Outcome]:
        """A script: SES took all, and nobody saw the answer."""
        self.accepted.extend(batch.entries)
        return [Outcome(Effect.UNKNOWN, "readTimeout")] * len(batch.entries)

    @property
    def addresses(self) -> list[str]:
        """To whom, in order."""
        return [entry.to_address for entry in self.accepted]


def answers(effect: Effect, reason: str = "someReason", message: str = "Some sentence.") -> Script:
    """A script: this for every entry."""
    return lambda batch: [Outcome(effect, reason, message=message)] * len(batch.entries)


def by_entry(*outcomes: Outcome) -> Script:
    """A script: these in turn, then Sent."""
    return lambda batch: [*outcomes, *[SENT] * len(batch.entries)][: len(batch.entries)]


class Reader:
    """``GetAccount``; ``is_down`` when SES does not answer."""

    def __init__(self, rate: float) -> None:
        self.now = SesAccount(
            max_24_hour_send=-1,
            max_send_rate=rate,
            sent_last_24_hours=0,
            production_access=True,
            sending_enabled=True,
            enforcement_status="HEALTHY",
        )
        self.is_down = False
        self.verified = {"news@acme.example"}

    def read(self) -> SesAccount:
        """As it is now."""
        if self.is_down:
            raise ConnectionError("SES does not answer")
        return self.now

    def identity_verified(self, address: str) -> bool:
        """Whether SES may send from this address."""
        return address in self.verified

    def set(self, **changes: Any) -> None:
        """Change the account."""
        self.now = replace(self.now, **changes)


class StillRule:
    """The schedule's rule."""

    def __init__(self) -> None:
        self.expression, self.enabled = "rate(1 hour)", True

    def state(self) -> "StillRule":
        """As it stands."""
        return self

    def put(self, expression: str) -> None:
        """Change it."""
        self.expression = expression


class Stage(Wiring):
    """The wiring over a table in memory; time stands still until somebody moves it."""

    def __init__(self, *, rate: float = 200.0) -> None:
        self.time = FakeClock()
        super().__init__({}, self.time)
        self.dynamodb = FakeDynamoDB(self.time)
        resources._make_table(self.dynamodb)
        self.api = Client(self.dynamodb)
        self.requests: list[Touched] = []
        self.queues = Queues(self.time)
        self.post = Post(self.time)
        self.ses = Reader(rate)
        self.org = Settings()
        self.rule = StillRule()
        self.troubles: list[BaseException] = []
        self.__dict__.update(
            table=Table(self.api, resources.PREFIX, lambda seconds: None),
            key_ring=StillRing(),
            outbox=self.queues,
            settings_store=self.org,
            sender=self.post,
            account_reader=self.ses,
            schedule_rule=self.rule,
        )
        self.account.store(self.ses.now, self.time.now())
        self._made = self.time.now() - timedelta(days=1)
        self._number = count()
        self.template = EmailTemplate(
            **self._record(), name="News", subject="Hello {Person.firstName}", body=BODY
        )
        self.template_store.add(self.template)
        self.dynamodb.observe(self.requests.append)

    # What a test begins with

    def person(
        self, address: str | None = "", kind: TargetType = TargetType.CONTACT, **fields: Any
    ) -> AnyTarget:
        """A person or company of its own address, stored."""
        number = next(self._number)
        told = f"p{number}@example.org" if address == "" else address
        name = {"name": f"Firm {number}"} if kind is TargetType.ACCOUNT else {"first_name": f"Zoé {number}"}
        made: Any = TARGET_CLASSES[kind]
        target: AnyTarget = made(**self._record(), email_address=told, **{**name, **fields})
        self.target_store.add(target)
        return target

    def contacts(self, number: int) -> list[AnyTarget]:
        """So many contacts."""
        return [self.person() for _ in range(number)]

    def target_list(self, people: Iterable[AnyTarget] = (), **fields: Any) -> str:
        """A list with these members; answers its id."""
        record = TargetList(**self._record(), **{"name": "Readers", **fields})
        self.list_store.add(record)
        self.join(record.id, people)
        return record.id

    def join(self, list_id: str, people: Iterable[AnyTarget]) -> None:
        """Put people on a list."""
        members = [Membership(list_id, TargetType(type(each).__name__), each.id) for each in people]
        for start in range(0, len(members), 30):
            self.memberships.add(list_id, members[start : start + 30])

    def campaign(self, **fields: Any) -> Campaign:
        """A campaign."""
        campaign = Campaign(**self._record(), **{"name": "Spring", **fields})
        self.campaign_store.add(campaign)
        return campaign

    def mass_email(self, *list_ids: str, **fields: Any) -> MassEmail:
        """A Pending mass email to these lists that is due."""
        given = {
            "name": "March",
            "start_at": self.time.now(),
            "email_template_id": self.template.id,
            "target_list_ids": list_ids,
            **fields,
        }
        return self.mass_email_store.create(MassEmail(**self._record(), **given), turn=self.turns.current())

    def to_people(self, number: int, **fields: Any) -> MassEmail:
        """A Pending mass email to so many new contacts."""
        return self.mass_email(self.target_list(self.contacts(number)), **fields)

    def set_campaign(self, campaign: Campaign, **fields: Any) -> Campaign:
        """Edit a campaign."""
        return self.campaign_store.replace(replace(campaign, **fields), expected_rev=campaign.rev)

    def edit_template(self, **fields: Any) -> None:
        """Edit the template."""
        self.template = self.template_store.replace(
            replace(self.template, **fields), expected_rev=self.template.rev
        )

    def change(self, target: AnyTarget, **fields: Any) -> AnyTarget:
        """Edit a person."""
        stored = self.target_store.get(TargetType(type(target).__name__), target.id)
        return self.target_store.replace(replace(stored, **fields), stored)

    def opt_out(self, target: AnyTarget, *list_ids: str) -> None:
        """The reader leaves these lists, or everything where none is named."""
        self.opt_outs.leave(
            self.key_of(target.email_address or ""),
            everything=not list_ids,
            list_ids=list_ids,
            reason="unsubscribed",
            at=self.time.now(),
        )

    def invalidate(self, target: AnyTarget) -> None:
        """The address bounced for good."""
        address = target.email_address or ""
        self.addresses.mark_invalid(self.key_of(address), address, reason="bounced", at=self.time.now())

    # What happens

    def drain(self, *, patience: float = 0.0) -> int:
        """Work both queues off; waits up to ``patience`` seconds for delayed messages. Answers how many messages came."""
        handled = 0
        end = self.time.now() + timedelta(seconds=patience)
        while True:
            if (message := self.queues.next_chunk()) is not None:
                self.deliver.handle(message)
            elif (job := self.queues.next_job()) is not None:
                self.work.handle(job)
            else:
                due_in = self.queues.due_in()
                if due_in is None or self.time.now() + timedelta(seconds=due_in) > end:
                    return handled
                self.time.advance(max(due_in, 0.001))
                continue
            handled += 1

    def tick(self, *, patience: float = 0.0) -> None:
        """The schedule calls release, and the queues are worked off."""
        self.release.run()
        self.drain(patience=patience)

    def hours(self, number: int) -> None:
        """So many hours pass, with a tick in each."""
        for _ in range(number):
            self.time.advance(3600)
            self.tick()

    def event(self, place: Place, *, accepted: bool = True) -> None:
        """SES tells of this recipient: an event that proves acceptance, or a Reject."""
        from chalicelib.domain.activity import Mark  # noqa: PLC0415 - few tests need it

        self.activity.mark(place, Mark.ACCEPTED if accepted else Mark.REJECTED)

    def events(self, mass_email: MassEmail, *, accepted: bool = True) -> None:
        """The same of all its recipients."""
        for place in self.places(mass_email).values():
            self.event(place, accepted=accepted)

    def stream_alive(self) -> None:
        """An event about some other message of ours comes in."""
        from chalicelib.storage.events import DynamoEvents  # noqa: PLC0415 - as above

        DynamoEvents(self.table, self.key_of).stream_is_alive(self.time.now())

    # What a test asks

    def now(self, mass_email: MassEmail) -> MassEmail:
        """The mass email as it is now, deleted or not."""
        found = self.mass_email_store.find(mass_email.id, deleted=True)
        assert found is not None
        return found

    def run_of(self, mass_email: MassEmail) -> Run:
        """Its run."""
        return self.runs.get(mass_email.id)

    def status(self, mass_email: MassEmail) -> MassEmailStatus:
        """Its status."""
        return self.now(mass_email).status

    def counts(self, mass_email: MassEmail) -> dict[str, int]:
        """Recipients by status, without zeros."""
        counted = self.tallying.of(self.now(mass_email)).counts
        return {str(status): number for status, number in counted.items() if number}

    def states(self, mass_email: MassEmail) -> dict[str, RecipientState]:
        """Each recipient's state, by target."""
        run, now = self.run_of(mass_email), self.now(mass_email)
        return {
            member.target_id: state
            for segment in self.ledger.read(mass_email.id[:11], range(run.segments))
            for member, state in zip(segment.members, states(segment, now.status), strict=True)
        }

    def places(self, mass_email: MassEmail) -> dict[str, Place]:
        """Each recipient's place, by target."""
        run = self.run_of(mass_email)
        return {
            member.target_id: Place(mass_email.id[:11], segment.number, position)
            for segment in self.ledger.read(mass_email.id[:11], range(run.segments))
            for position, member in enumerate(segment.members)
        }

    def recipients_of(self, mass_email: MassEmail) -> list[str]:
        """The targets that became recipients, in their order."""
        return list(self.places(mass_email))

    def left_out(self, mass_email: MassEmail) -> list[tuple[str, str]]:
        """(target, reason) of those left out of the last freeze, in its order."""
        run = self.run_of(mass_email)
        return [
            (each.target_id, each.reason)
            for page in range(run.left_pages)
            for each in self.runs.left_out(run, page)
        ]

    def counted(self) -> Counter[str]:
        """The requests of the table since this was asked last, by operation."""
        made = Counter(each.operation for each in self.requests)
        self.requests.clear()
        return made

    def _record(self) -> dict[str, Any]:
        self._made += timedelta(milliseconds=3)
        return {
            "id": new_id(self._made, lambda _: 7 * next(self._number) % 16),
            "created_at": self._made,
            "modified_at": self._made,
        }
