"""The page about audiences is true: a reader follows it in bash, and gets what it shows."""

import re
from pathlib import Path

from devstack.cloud import LocalCloud
from tests.docs.manual import Reader, blocks

PAGE = Path(__file__).resolve().parents[2] / "docs" / "audience.md"
KINDS = {"bash", "json", "http"}


def test_whoever_follows_the_page_gets_what_it_shows(tmp_path: Path) -> None:
    """From the first block to the last."""
    page = PAGE.read_text(encoding="utf-8")
    [token] = re.findall(r"`ENVOI_ADMIN_TOKEN=(\S+) make dev`", page)
    with LocalCloud(running=False, admin_token=token) as cloud:
        Reader(tmp_path, cloud.api_url, cloud.ses_url, own_curl=True).follow(blocks(page))


def test_every_block_is_of_a_kind_that_is_tried() -> None:
    """None could be there that the reader above passes over; and each fence has its end."""
    page = PAGE.read_text(encoding="utf-8")
    found = blocks(page)
    assert {block.kind for block in found} == KINDS
    assert len(re.findall(r"^ *```", page, re.MULTILINE)) == 2 * len(found)
