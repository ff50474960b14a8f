"""The health route."""

from tests.world import NO_TOKEN, World


def test_anybody_may_ask(world: World) -> None:
    """Health is public."""
    assert world.api("GET", "/v1/health", token=NO_TOKEN) == (200, {"status": "ok"})


def test_public_pages_ignore_what_others_add_to_links(world: World) -> None:
    """Mail clients and trackers add parameters of their own: public routes do not mind."""
    assert world.api("GET", "/v1/health?utm_source=x&utm_source=y", token=NO_TOKEN)[0] == 200
