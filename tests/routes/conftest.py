"""What tests of routes share."""

from collections.abc import Iterator

import pytest
from chalice.test import Client

from tests.routes import probe as probe_app
from tests.world import World

_PROBE = Client(probe_app.app)


@pytest.fixture
def probe(world: World) -> Iterator[World]:
    """A world whose HTTP door is the probe app's."""
    probe_app.runs.clear()
    world.door = _PROBE
    yield world
    probe_app.runs.clear()
