"""A new key verifies everywhere before it signs, and no link that is out ever breaks."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from chalicelib import wiring
from chalicelib.flows.key_rotation import KNOWN_EVERYWHERE_AFTER
from chalicelib.storage.key_ring import FRESH_FOR, REFETCH_AFTER
from tests.admin.conftest import Operator
from tests.docs.posting import Post
from tests.world import NO_TOKEN, World, WorldWiring

WAIT = KNOWN_EVERYWHERE_AFTER.total_seconds()


def link_of(post: Post) -> str:
    """The unsubscribe link of the last message."""
    found = re.fullmatch(r"<(.*)>", post.inbox()[-1]["headers"]["List-Unsubscribe"])
    assert found
    return urlsplit(found[1]).path


def opens(world: World, path: str) -> bool:
    return world.http("GET", path, token=NO_TOKEN).status == 200


def test_a_rotation_breaks_no_link(post: Post, operator: Operator, secret: Callable[[], str]) -> None:
    """A link from before, one from after, and one from after at a function that read the ring before."""
    post.mass_email("anna@example.org")
    post.hour()
    old = link_of(post)
    assert operator("rotate-keys").lines == [
        f"key 2 added; it verifies everywhere in {WAIT:.0f} s and signs after the next call"
    ]
    warm = WorldWiring(post.world._cloud, post.world.clock)
    assert set(warm.key_ring.ring().signing) == {1, 2}
    assert warm.key_ring.ring().signs_with == 1
    post.world.clock.advance(WAIT)
    assert operator("rotate-keys").status == 0
    post.mass_email("ben@example.org")
    post.hour()
    new = link_of(post)
    assert new != old
    assert opens(post.world, old)
    assert opens(post.world, new)
    assert warm.key_ring.address_key() == post.world.wiring.key_ring.address_key()


def test_a_function_that_has_not_heard_of_a_key_asks_once(
    post: Post, operator: Operator, secret: Callable[[], str]
) -> None:
    """Were the wait too short, for once: the link works all the same, at the first click."""
    warm = post.world.wiring
    assert set(warm.key_ring.ring().signing) == {1}
    operator("rotate-keys")
    post.world.wiring = wiring.use(WorldWiring(post.world._cloud, post.world.clock))
    post.world.clock.advance(WAIT)
    Operator(post.world, operator._capsys)("rotate-keys")
    post.mass_email("anna@example.org")
    post.world.clock.advance(REFETCH_AFTER.total_seconds())
    post.hour()
    new = link_of(post)
    warm.key_ring._read_at = post.world.clock.now() - REFETCH_AFTER
    assert set(warm.key_ring._ring.signing if warm.key_ring._ring else ()) == {1}
    wiring.use(warm)
    assert opens(post.world, new)


def test_a_key_does_not_sign_too_early(world: World, operator: Operator, secret: Callable[[], str]) -> None:
    """The wait is longer than any function keeps the ring."""
    assert FRESH_FOR + timedelta(minutes=1) <= KNOWN_EVERYWHERE_AFTER
    operator("rotate-keys")
    world.clock.advance(WAIT - 1)
    said = operator("rotate-keys")
    assert (said.status, said.lines) == (1, ["key 2 is not known everywhere yet: 1 s to wait"])
    world.clock.advance(1)
    assert operator("rotate-keys").lines == ["key 2 signing from now on; the older keys go on verifying"]


def test_waiting_does_both_steps(world: World, operator: Operator, secret: Callable[[], str]) -> None:
    """In six minutes of the clock."""
    before = world.clock.now()
    said = operator("rotate-keys", "--wait")
    assert (said.status, len(said.lines)) == (0, 2)
    assert world.clock.now() - before == KNOWN_EVERYWHERE_AFTER
    assert '"signsWith": 2' in secret()


def test_a_dry_run_changes_nothing(world: World, operator: Operator, secret: Callable[[], str]) -> None:
    """Neither step."""
    before = secret()
    assert operator("rotate-keys", "--dry-run").lines[0].startswith("key 2 would be added")
    assert secret() == before
    operator("rotate-keys")
    world.clock.advance(WAIT)
    added = secret()
    assert operator("rotate-keys", "--dry-run").lines[0].startswith("key 2 would be signing")
    assert secret() == added


def test_no_key_is_shown(world: World, operator: Operator, secret: Callable[[], str]) -> None:
    """Only numbers."""
    said = operator("rotate-keys", "--wait")
    for value in re.findall(r'"([A-Za-z0-9+/=]{40,})"', secret()):
        assert value not in said.aside + "".join(said.lines)
