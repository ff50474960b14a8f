"""A stage in memory that imports files: processes come and go, the queue brings back what died."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain.ids import new_id
from chalicelib.domain.imports import ImportOrder, Mode
from chalicelib.domain.ports import Membership
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import TARGET_CLASSES, TargetList, TargetType
from chalicelib.flows.importing import Importing, upload_key
from chalicelib.wiring import Wiring
from devstack import resources
from tests.fakes.aws import Crash, CrashPlan, FakeClock, InMemoryCloud, MortalCloud, ProcessWiring
from tests.fakes.hooks import Meta

CONTACT = TargetType.CONTACT
TIMES = frozenset(
    {"createdAt", "modifiedAt", "addedAt", "expiresAt", "optOutSince", "invalidSince", "leftAt", "at"}
)
"""Attributes that tell when something was done."""


class NoSes:
    """Nothing is sent here."""

    service, operations, meta = "sesv2", frozenset[str](), Meta()


class ImportStage:
    """A stage with lists; ``wiring`` is a process that never dies."""

    def __init__(self, lists: int = 1) -> None:
        self.clock = FakeClock()
        self.cloud = InMemoryCloud(self.clock, others={"sesv2": NoSes()})
        self.environ = self.cloud.make_stage()
        self.wiring = self.process()
        self._made = 0
        self.list_ids = tuple(self._list(number) for number in range(lists))

    def process(self, plan: CrashPlan | None = None) -> Wiring:
        """A process; its requests go through the plan."""
        cloud = MortalCloud(self.cloud, plan) if plan else self.cloud
        wiring = ProcessWiring(cloud, self.environ, self.clock)
        wiring.__dict__["importing"] = self._told(wiring)
        return wiring

    def _told(self, wiring: Wiring) -> Importing:
        """The product's own, with ids that every run of a test makes alike."""
        return replace(wiring.importing, make_id=lambda now: new_id(now, lambda _: 0x12345))

    def _list(self, number: int) -> str:
        now = self.clock.now()
        record = TargetList(id=self.next_id(), created_at=now, modified_at=now, name=f"List {number}")
        self.wiring.list_store.add(record)
        return record.id

    def next_id(self) -> str:
        """Of a record that a test makes."""
        self._made += 1
        return new_id(self.clock.now(), lambda _: 0xF00000 + self._made)

    def person(self, address: str | None, kind: TargetType = CONTACT, **fields: Any) -> Any:
        """Somebody who is there before."""
        now = self.clock.now()
        named = {"name": "Fjord AS", **fields} if kind is TargetType.ACCOUNT else fields
        made = TARGET_CLASSES[kind](
            id=self.next_id(), created_at=now, modified_at=now, email_address=address, **named
        )
        self.wiring.target_store.add(made)
        return made

    def joins(self, person: Any, list_id: str, kind: TargetType = CONTACT) -> None:
        """Put somebody on a list."""
        self.wiring.memberships.add(list_id, [Membership(list_id, kind, person.id)])

    def ordered(self, content: bytes | str | None, mode: Mode = Mode.CREATE_AND_UPDATE, **order: Any) -> Job:
        """Ask for an import and upload its file; the queue has it then."""
        told = {"entity_type": CONTACT, "target_list_ids": self.list_ids, **order}
        job, _ = self.wiring.importing.request(ImportOrder(mode=mode, **told))
        if content is not None:
            raw = content.encode() if isinstance(content, str) else content
            self.wiring.files.put(upload_key(job.id), raw, "text/csv")
        return job

    def imported(self, content: bytes | str, mode: Mode = Mode.CREATE_AND_UPDATE, **order: Any) -> Job:
        """A whole import."""
        job = self.ordered(content, mode, **order)
        self.work_off()
        return self.wiring.jobs.get(job.id)

    def messages(self) -> Iterator[Any]:
        """Take what the jobs queue holds now, one message after another; one that was handled is deleted."""
        url = self.environ["ENVOI_JOBS_QUEUE_URL"]
        while found := self.cloud.sqs.receive_message(QueueUrl=url).get("Messages", []):
            yield json.loads(found[0]["Body"])
            self.cloud.sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])

    def work_off(self, plan: CrashPlan | None = None, most: int = 400) -> None:
        """Hand the jobs queue's messages to one process after another, a new one after each death, until none is left."""
        wiring = self.process(plan)
        url = self.environ["ENVOI_JOBS_QUEUE_URL"]
        for _ in range(most):
            messages = self.cloud.sqs.receive_message(QueueUrl=url).get("Messages", [])
            if not messages and not self.cloud.sqs.messages(url):
                return
            for message in messages:
                try:
                    wiring.work.handle(json.loads(message["Body"]))
                except Crash:
                    assert plan is not None
                    plan.restart()
                    wiring = self.process(plan)
                    continue
                self.cloud.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if not messages:
                self.clock.advance(60)
        raise AssertionError("the queue never ended")

    def stored(self) -> list[str]:
        """Everything in the table but times."""
        found = []
        for item in self.cloud.dynamodb.items(resources.PREFIX):
            kept = {name: value for name, value in sorted(item.items()) if name not in TIMES}
            kept.pop("TSK", None)
            found.append(json.dumps(_sorted(kept), default=repr, ensure_ascii=False))
        return sorted(found)

    def counts_hold(self) -> bool:
        """Whether every list's counts are what its members come to."""
        for list_id in self.list_ids:
            members = [each for each, _ in self.wiring.memberships.walk(list_id)]
            counts = self.wiring.memberships.counts([list_id])[list_id]
            if (counts.entries, counts.opted_out) != (len(members), sum(each.opted_out for each in members)):
                return False
        return True

    def refused(self, job: Job) -> list[tuple[str, str]]:
        """(line, reason) of each refused row."""
        text = self.wiring.import_report.of(job.id).text.removeprefix("\ufeff")
        found: Any = job.result
        lines = list(csv.reader(io.StringIO(text), delimiter=found["delimiter"] if found else ","))
        return [(line[0], line[1]) for line in lines[1:]]


class Meddled:
    """A client of DynamoDB with which somebody else gets in just before a transaction, once each."""

    def __init__(self, inner: Any, meddlers: Sequence[Callable[[], object]]) -> None:
        self._inner = inner
        self.meddlers = list(meddlers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def transact_write_items(self, **request: Any) -> Any:
        """First the meddler, then ours."""
        if self.meddlers:
            self.meddlers.pop(0)()
        return self._inner.transact_write_items(**request)


def _sorted(value: Any) -> Any:
    """Sets have no order."""
    if isinstance(value, dict):
        return {name: sorted(part) if name in ("SS", "NS") else _sorted(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_sorted(part) for part in value]
    return value
