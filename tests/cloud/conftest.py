"""What tests of the cloud share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.packages import Packaged, packaged
from tests.cloud.stacks import Stack, deployed


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run: with pytest-xdist all workers' own ones lie in it."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def package(shared_folder: Path) -> Packaged:
    """The production stage's package."""
    return packaged("prod", shared_folder)


@pytest.fixture(scope="module")
def stack(package: Packaged) -> Iterator[Stack]:
    """It, deployed on moto."""
    with deployed(package) as stack:
        yield stack
