"""What tests of the cloud share."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.packages import Packaged, packaged
from tests.cloud.stacks import Stack, deployed


class Lines(logging.Handler):
    """What was logged, as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.found.append(json.loads(record.getMessage()))


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged from now on."""
    logger, handler = logging.getLogger("envoi"), Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.found
    logger.removeHandler(handler)
    logger.setLevel(level)


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
