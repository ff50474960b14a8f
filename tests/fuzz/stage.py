"""A stage in memory in which one of everything exists, put back as it was before each operation is fuzzed."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.ids import Place
from chalicelib.domain.public_tokens import PublicToken, TokenKind, sign
from chalicelib.flows.importing import LONGEST_WAIT, upload_key
from devstack.ses_faults import Faults
from tests.fakes.aws import InMemoryCloud
from tests.fakes.services import FakeS3
from tests.routes.resources import Api
from tests.world import Cloud, World

ADA = "ada@example.com"
BOUNCES = "bounce@simulator.amazonses.com"
HOUR = 3600  # seconds


class MemoryCloud(Cloud):
    """An account in memory; only SES is somewhere else, behind HTTP."""

    def __init__(self, memory: InMemoryCloud) -> None:
        super().__init__(os.environ)
        self._memory = memory

    def client(self, service: str, **options: Any) -> Any:
        """The memory's, or SES's."""
        return super().client(service, **options) if service == "sesv2" else self._memory.client(service)


class FuzzStage:
    """``world`` is the stage as it is now; ``known`` is what exists.

    ``known`` holds ids by the names under which callers send them, of targets by their type, and readers' tokens by the
    beginning of their path.
    """

    def __init__(self, memory: InMemoryCloud, cloud: MemoryCloud) -> None:
        self._memory, self._cloud = memory, cloud
        self.world = World(cloud, memory.clock)
        self.known = populate(Api(self.world), memory.s3)
        self.most_known = max(map(len, self.known.values()))
        self.token = self.world.token()
        self._snapshot = self._memory.snapshot()

    def restore(self) -> None:
        """Be again as at the beginning, in a new process."""
        self._memory.restore(self._snapshot)
        self.world = World(self._cloud, self._memory.clock)


def populate(api: Api, files: FakeS3) -> dict[str, Sequence[str]]:
    """Make one of everything over HTTP, and a mass email in each status."""
    api.with_sender()
    api.patch("/v1/settings", {"massEmailOpenTracking": True})
    people = _people(api)
    target_list = api.target_list(publicName="News")["id"]
    for target_type in ("Contact", "Lead"):
        api.post(f"/v1/target-lists/{target_list}/members", {"type": target_type, "ids": people[target_type]})
    campaign = api.campaign(targetListIds=[target_list])["id"]
    urls = [
        api.tracking_url()["id"],
        api.tracking_url(action="Show Message", url=None, message="*Thanks*")["id"],
    ]
    template = api.template(
        body="<p>Hei {Person.firstName}</p>"
        + "".join(f"<a href='{{trackingUrl:{each}}}'>x</a>" for each in urls)
    )["id"]
    mass_emails = _mass_emails(api, {"campaignId": campaign, "emailTemplateId": template})
    recipients = [each for one in mass_emails[:2] for each in _recipients(api, one)]
    api.post(f"/v1/contacts/{people['Contact'][-1]}/erase", {}, 200)
    job = _import(api, files)
    reports = [
        api.post("/v1/reports", {"name": "All", "entityType": kind})["id"] for kind in ("Contact", "Lead")
    ]
    follower = api.target_list(reportIds=reports[:1], syncEnabled=True)["id"]
    token = api.post("/v1/tokens", {"name": "CI", "role": "viewer"})["id"]
    return {
        **people,
        **{f"{kind.lower()}Id": ids for kind, ids in people.items()},
        **_readers(api.world, recipients),
        "campaignId": [campaign, api.campaign()["id"]],
        "emailTemplateId": [template],
        "importId": [job],
        "jobId": [job],
        "listId": [target_list, follower],
        "massEmailId": mass_emails,
        "recipientId": recipients,
        "reportId": reports,
        "targetListId": [target_list],
        "templateId": [template, api.template()["id"]],
        "tokenId": [token],
        "trackingUrlId": urls,
    }


def _people(api: Api) -> dict[str, list[str]]:
    """Of each type; the lead's address bounces, and the last contact will be erased."""
    account = api.post("/v1/accounts", {"name": "Example Ltd"})["id"]
    ada = {"firstName": "Ada", "emailAddress": ADA, "accountId": account}
    eve = {"firstName": "Eve", "emailAddress": "eve@example.com"}
    return {
        "Account": [account],
        "Contact": [api.post("/v1/contacts", each)["id"] for each in (ada, eve)],
        "Lead": [api.post("/v1/leads", {"firstName": "Bob", "emailAddress": BOUNCES})["id"]],
        "User": [api.post("/v1/users", {"firstName": "Cy", "emailAddress": "cy@example.com"})["id"]],
    }


def _mass_emails(api: Api, fields: Mapping[str, object]) -> list[str]:
    """Complete, Failed, In Process, Paused, Canceled, Pending, Draft."""
    done = api.mass_email(**fields, storeSentEmails=True)["id"]
    api.post(f"/v1/mass-emails/{done}/estimate", {}, 202)
    work(api.world)
    send(api.world)
    failed = _failed(api, fields)
    api.world.clock.advance(HOUR)
    going = [api.mass_email(**fields)["id"] for _ in range(3)]
    api.world.tick("release")
    api.post(f"/v1/mass-emails/{going[1]}/pause", {}, 200)
    api.post(f"/v1/mass-emails/{going[2]}/cancel", {}, 200)
    later = api.mass_email(**fields, startAt="2027-01-01T00:00:00Z")["id"]
    draft = api.mass_email(**fields, status="Draft")["id"]
    return [done, failed, *going, later, draft]


def _failed(api: Api, fields: Mapping[str, object]) -> str:
    """One whose recipients SES had no time for, however often it was asked: they can be tried again."""
    api.world.clock.advance(HOUR)
    before = api.get("/v1/settings")["massEmailMaxAttemptCount"]
    api.patch("/v1/settings", {"massEmailMaxAttemptCount": 1})
    api.world.ses.faults = Faults(mixed_status=1.0, statuses=("TRANSIENT_FAILURE",))
    made: str = api.mass_email(**fields)["id"]
    send(api.world)
    api.world.ses.faults = Faults()
    api.patch("/v1/settings", {"massEmailMaxAttemptCount": before})
    return made


def _import(api: Api, files: FakeS3) -> str:
    """One that brought somebody in, and refused somebody."""
    job: str = api.post("/v1/imports", {"entityType": "Contact", "mode": "create"}, 202)["jobId"]
    rows = b"emailAddress,firstName\ndan@example.com,Dan\nnobody,Nobody\n"
    files.put_object(Bucket=api.world.wiring.environment.bucket, Key=upload_key(job), Body=rows)
    while api.get(f"/v1/jobs/{job}")["status"] in ("Queued", "Running"):
        work(api.world)
        api.world.clock.advance(LONGEST_WAIT)
    return job


def _recipients(api: Api, mass_email_id: str) -> list[str]:
    return [
        each["id"] for each in api.get(f"/v1/mass-emails/{mass_email_id}/recipients")["list"] if each["id"]
    ]


def _readers(world: World, recipients: Sequence[str]) -> dict[str, list[str]]:
    """Every kind of token of every reader, by the path that takes it; an altered one last."""
    ring = world.wiring.key_ring.ring()
    paths = {
        "/t/o/": TokenKind.OPEN,
        "/t/c/": TokenKind.CLICK,
        "/u/": TokenKind.UNSUBSCRIBE,
        "/p/": TokenKind.PREFERENCES,
    }
    signed = {
        path: [
            sign(PublicToken(kind, Place.of(each), link), ring)
            for each in recipients
            for link in range(2 if kind is TokenKind.CLICK else 1)
        ]
        for path, kind in paths.items()
    }
    return {path: [*tokens, tokens[0].swapcase()] for path, tokens in signed.items()}


def send(world: World) -> None:
    """Release what is due, deliver it, and take in what SES says of it."""
    world.tick("release")
    for message in world.taken(world.wiring.environment.send_queue_url):
        world.queued("deliver", message)
    while world.events:
        world.published(world.events.pop(0))
    work(world)
    world.tick("sweep")


def work(world: World) -> None:
    """Do the jobs that wait."""
    for message in world.taken(world.wiring.environment.jobs_queue_url):
        world.queued("work", message)
