"""What the tests of the proof share."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The functions' own log says what they should; here it would only drown what failed."""
    log, silence = logging.getLogger("envoi"), logging.NullHandler()
    log.addHandler(silence)
    yield
    log.removeHandler(silence)
