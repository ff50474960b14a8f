"""A mass email that was sent, behind the real doors."""

from collections.abc import Mapping
from datetime import timedelta

from chalicelib import wiring
from chalicelib.domain.ids import Place
from chalicelib.domain.public_tokens import PublicToken, TokenKind, sign
from devstack.clock import VirtualClock
from tests.flows.readers import SENT_AT, Mailing
from tests.world import NO_TOKEN, Cloud, Reply, World, WorldWiring

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class MailedWiring(Mailing, WorldWiring):
    """The world's wiring, with a mailing."""


class Mailed:
    """The world after a mailing to ``count`` readers; every test asks as a reader."""

    def __init__(self, world: World, cloud: Cloud, count: int = 3) -> None:
        self.world = world
        clock = VirtualClock(SENT_AT + timedelta(hours=1))
        self.wiring = MailedWiring(cloud, clock)
        world.wiring = wiring.use(self.wiring)
        world.clock = clock
        self.wiring.prepare(count)

    def token(self, kind: TokenKind, place: Place | None = None, link: int = 0) -> str:
        """A reader's token, as the message holds it."""
        return sign(PublicToken(kind, place or self.wiring.place(), link), self.wiring.key_ring.ring())

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        agent: str = FIREFOX,
    ) -> Reply:
        """A reader's request: no bearer token, a browser's agent."""
        told = {"User-Agent": agent, **(headers or {})}
        return self.world.http(method, path, body, token=NO_TOKEN, headers=told)

    def log(self, **query: str) -> list[tuple[str, bool]]:
        """(action, first) of the campaign's log, newest first, without what was sent."""
        wanted = "&".join(["limit=200", *(f"{name}={value}" for name, value in query.items())])
        status, page = self.world.api("GET", f"/v1/campaigns/{self.wiring.campaign.id}/log?{wanted}")
        assert status == 200, page
        return [(each["action"], each["first"]) for each in page["list"] if each["action"] != "Sent"]
