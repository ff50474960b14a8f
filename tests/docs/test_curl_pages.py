"""No page shows a call of the API that nobody tries."""

import re
from pathlib import Path

from tests.docs import test_audience, test_manual

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
FOLLOWED = {test_manual.ENGLISH, test_manual.FRENCH, test_audience.PAGE}
_CALL = re.compile(r"^[ >$]*curl\s|[|(`]\s*curl\s", re.MULTILINE)
"""At the beginning of a line, after a pipe, in ``$(…)`` or as code in a sentence."""


def test_every_page_with_a_call_is_followed() -> None:
    """A reader of each goes through its blocks from the first to the last, and holds what comes against what it shows."""
    with_calls = {page for page in PAGES if _CALL.search(page.read_text(encoding="utf-8"))}
    assert with_calls == FOLLOWED
