"""A stage that has sent something, and an operator at it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from chalicelib import admin
from tests.docs.posting import Post
from tests.world import World


class Said(NamedTuple):
    """What a verb answered: exit status, standard output by lines, and what it told on the side."""

    status: int
    lines: Sequence[str]
    aside: str


class Operator:
    """Types verbs."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.world = world
        self._capsys = capsys

    def __call__(self, *typed: str) -> Said:
        """Run one."""
        self._capsys.readouterr()
        status = admin.main(list(typed), self.world.wiring)
        said = self._capsys.readouterr()
        return Said(status, [line for line in said.out.splitlines() if not line.startswith("{")], said.err)


@pytest.fixture
def operator(world: World, capsys: pytest.CaptureFixture[str]) -> Operator:
    """At the world's stage."""
    return Operator(world, capsys)


@pytest.fixture
def post(world: World) -> Post:
    """A post office; its queues go by the true clock, for redriving waits for SQS."""
    made = Post(world)
    world.tick("sweep")
    return made


@pytest.fixture
def secret(world: World) -> Iterator[Any]:
    """The stage's key ring, put back afterwards: the module's tests share it."""
    vault, name = world.wiring.client("secretsmanager"), world.wiring.environment.key_ring_secret
    before = vault.get_secret_value(SecretId=name)["SecretString"]
    yield lambda: vault.get_secret_value(SecretId=name)["SecretString"]
    vault.put_secret_value(SecretId=name, SecretString=before)
