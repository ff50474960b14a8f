"""A stage in memory in which one of everything exists, put back as it was before each operation is fuzzed."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.ids import Place
from chalicelib.domain.public_tokens import PublicToken, TokenKind, sign
from tests.fakes.aws import InMemoryCloud
from tests.routes.resources import Api
from tests.world import Cloud, World

ADA = "ada@example.com"


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
        self.world = World(cloud)
        self.known = populate(Api(self.world))
        self.most_known = max(map(len, self.known.values()))
        self.token = self.world.token()
        self._snapshot = self._memory.snapshot()

    def restore(self) -> None:
        """Be again as at the beginning, in a new process."""
        self._memory.restore(self._snapshot)
        self.world = World(self._cloud)


def populate(api: Api) -> dict[str, Sequence[str]]:
    """Make one of everything over HTTP, and a mass email in each status that it can have by itself."""
    api.with_sender()
    api.patch("/v1/settings", {"massEmailOpenTracking": True})
    account = api.post("/v1/accounts", {"name": "Example Ltd"})["id"]
    contact = api.post("/v1/contacts", {"firstName": "Ada", "emailAddress": ADA, "accountId": account})["id"]
    lead = api.post("/v1/leads", {"firstName": "Bob", "emailAddress": "bob@example.com"})["id"]
    user = api.post("/v1/users", {"firstName": "Cy", "emailAddress": "cy@example.com"})["id"]
    target_list = api.target_list(publicName="News")["id"]
    for target_type, target_id in (("Contact", contact), ("Lead", lead)):
        api.post(f"/v1/target-lists/{target_list}/members", {"type": target_type, "ids": [target_id]})
    campaign = api.campaign(targetListIds=[target_list])["id"]
    tracking_url = api.tracking_url()["id"]
    template = api.template(body=f"<p>Hei {{Person.firstName}} {{trackingUrl:{tracking_url}}}</p>")["id"]
    mass_emails = _mass_emails(api, {"campaignId": campaign, "emailTemplateId": template})
    recipients = api.get(f"/v1/mass-emails/{mass_emails[0]}/recipients")["list"]
    job = api.post("/v1/imports", {"entityType": "Contact", "mode": "create"}, 202)["jobId"]
    reports = [
        api.post("/v1/reports", {"name": "All", "entityType": kind})["id"] for kind in ("Contact", "Lead")
    ]
    follower = api.target_list(reportIds=reports[:1], syncEnabled=True)["id"]
    token = api.post("/v1/tokens", {"name": "CI", "role": "viewer"})["id"]
    people = {"Account": [account], "Contact": [contact], "Lead": [lead], "User": [user]}
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
        "recipientId": [each["id"] for each in recipients],
        "reportId": reports,
        "targetListId": [target_list],
        "templateId": [template, api.template()["id"]],
        "tokenId": [token],
        "trackingUrlId": [tracking_url],
    }


def _mass_emails(api: Api, fields: Mapping[str, object]) -> list[str]:
    """Complete, In Process, Paused, Canceled, Pending, Draft."""
    done = api.mass_email(**fields, storeSentEmails=True)["id"]
    api.post(f"/v1/mass-emails/{done}/estimate", {}, 202)
    work(api.world)
    send(api.world)
    api.world.clock.advance(3600)
    going = [api.mass_email(**fields)["id"] for _ in range(3)]
    api.world.tick("release")
    api.post(f"/v1/mass-emails/{going[1]}/pause", {}, 200)
    api.post(f"/v1/mass-emails/{going[2]}/cancel", {}, 200)
    later = api.mass_email(**fields, startAt="2027-01-01T00:00:00Z")["id"]
    draft = api.mass_email(**fields, status="Draft")["id"]
    return [done, *going, later, draft]


def _readers(world: World, recipients: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Every kind of token of every reader, by the path that takes it."""
    ring = world.wiring.key_ring.ring()
    paths = {
        "/t/o/": TokenKind.OPEN,
        "/t/c/": TokenKind.CLICK,
        "/u/": TokenKind.UNSUBSCRIBE,
        "/p/": TokenKind.PREFERENCES,
    }
    return {
        path: [sign(PublicToken(kind, Place.of(each["id"])), ring) for each in recipients]
        for path, kind in paths.items()
    }


def send(world: World) -> None:
    """Release what is due, deliver it, and take in what SES says of it."""
    world.tick("release")
    environment = world.wiring.environment
    for message in world.taken(environment.send_queue_url):
        world.queued("deliver", message)
    for event in world.events:
        world.published(event)
    work(world)
    world.tick("sweep")


def work(world: World) -> None:
    """Do the jobs that wait."""
    for message in world.taken(world.wiring.environment.jobs_queue_url):
        world.queued("work", message)
