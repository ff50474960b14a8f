"""A stage that posts mail, driven from outside: what is made goes over HTTP, what runs is called as the cloud calls it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from devstack import moto_clock
from devstack.ses_faults import Faults
from tests.routes.resources import Api
from tests.world import World

HOUR = 3_600  # seconds
BODY = (
    '<html><body><p>Hei {Person.firstName}</p><p><a href="https://example.org/a">more</a></p></body></html>'
)


class Post:
    """One stage; its queues read the world's clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.api = Api(world).with_sender()
        self.contacts: dict[str, str] = {}

    def set(self, **settings: object) -> None:
        """Change settings."""
        self.api.patch("/v1/settings", settings)

    def target_list(self, *addresses: str) -> str:
        """A list of contacts with these addresses; its id."""
        list_id: str = self.api.target_list()["id"]
        for address in addresses:
            person = {"firstName": address.partition("@")[0], "emailAddress": address}
            self.contacts[address] = self.api.post("/v1/contacts", person)["id"]
        ids = [self.contacts[address] for address in addresses]
        if ids:
            self.api.post(f"/v1/target-lists/{list_id}/members", {"type": "Contact", "ids": ids})
        return list_id

    def mass_email(self, *addresses: str, **fields: Any) -> str:
        """A mass email of a campaign that is due, to contacts with these addresses; its id."""
        lists = {"targetListIds": [self.target_list(*addresses)]}
        template = self.api.template(subject="News for {Person.firstName}", body=BODY)
        campaign = fields.pop("campaignId", None) or self.api.campaign(type="Newsletter", **lists)["id"]
        made = {"campaignId": campaign, "emailTemplateId": template["id"], **lists, **fields}
        return str(self.api.mass_email(**made)["id"])

    def released(self) -> list[Any]:
        """Let the schedule release, and answer with the chunks that lie on the send queue."""
        self.world.tick("release")
        return self.world.taken(self.world.wiring.environment.send_queue_url)

    def deliver(self, *chunks: object) -> None:
        """Hand chunks to the sender, each in a call of its own."""
        for chunk in chunks:
            self.world.queued("deliver", chunk)

    def hour(self, seconds: float = HOUR) -> None:
        """Let time pass and everything happen that is due then."""
        self.world.clock.advance(seconds)
        self.deliver(*self.released())
        self.settle()

    def settle(self) -> None:
        """Let queues, events and the sweep run until nothing is left."""
        environment = self.world.wiring.environment
        for _ in range(10):
            jobs = self.world.taken(environment.jobs_queue_url)
            chunks = self.world.taken(environment.send_queue_url)
            events, self.world.events[:] = list(self.world.events), []
            for job in jobs:
                self.world.queued("work", job)
            self.deliver(*chunks)
            for event in events:
                self.world.published(event)
            if not jobs and not chunks and not events:
                self.world.tick("sweep")
                return
        raise AssertionError("it does not come to rest")

    @contextmanager
    def trouble(self, **faults: Any) -> Iterator[None]:
        """Within this SES has these faults."""
        before = self.world.ses.faults
        self.world.ses.faults = Faults(**faults)
        try:
            yield
        finally:
            self.world.ses.faults = before

    def recipients(self, mass_email_id: str, query: str = "") -> Mapping[str, Any]:
        """The recipients by address."""
        page = self.api.get(f"/v1/mass-emails/{mass_email_id}/recipients?limit=200{query}")
        return {each["emailAddress"]: each for each in page["list"]}

    def standing(self, mass_email_id: str) -> Mapping[str, tuple[str, str | None]]:
        """Status and reason by address."""
        found = self.recipients(mass_email_id)
        return {address: (each["status"], each["reason"]) for address, each in found.items()}

    def inbox(self) -> list[Any]:
        """What SES has accepted, oldest first."""
        return [message.as_json() for message in self.world.ses.mailbox]


@contextmanager
def open_post(world: World) -> Iterator[Post]:
    """A post office whose queues follow the world's clock, and whose quota is known."""
    with moto_clock.following(world.clock):
        post = Post(world)
        world.tick("sweep")
        yield post
