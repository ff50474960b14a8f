"""One populated stage for all operations; and these tests run only when they are asked for (``make fuzz``)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import wiring
from devstack import resources
from devstack.serving import Server
from tests.fakes.aws import FakeClock, InMemoryCloud
from tests.fuzz.stage import FuzzStage, MemoryCloud

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whoever runs all tests waits for an answer; these have a verb, and a line of ``.ci/run``, of their own."""
    asked = (config.invocation_params.dir / argument.partition("::")[0] for argument in config.args)
    return None if any(path == HERE or HERE in path.parents for path in asked) else True


@pytest.fixture(scope="module")
def populated() -> Iterator[FuzzStage]:
    """Made once per module: each test restores it."""
    memory = InMemoryCloud(FakeClock())
    with pytest.MonkeyPatch.context() as variables:
        for name, value in {**memory.make_stage(), **resources.CREDENTIALS}.items():
            variables.setenv(name, value)
        cloud = MemoryCloud(memory)
        with Server(cloud) as url:
            variables.setenv("AWS_ENDPOINT_URL_SESV2", url)
            try:
                yield FuzzStage(memory, cloud)
            finally:
                wiring.use(wiring.Wiring())
