"""The manuals are true: a reader follows them in bash, and gets what they show."""

# ruff: noqa: RUF001 - French is written with the typographic apostrophe

import re
from pathlib import Path

import pytest

from chalicelib.domain.log import Action
from devstack.cloud import LocalCloud
from tests.docs.manual import KINDS, SHOWN_API, SHOWN_INBOX, Block, Reader, blocks

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, FRENCH = ROOT / "docs" / "mass-email.md", ROOT / "docs" / "mass-email.fr.md"
HEADINGS = [
    "Envoi d’emails en masse",
    "Comment envoyer des emails en masse",
    "Tester ce qui va être envoyé aux destinataires",
    "Log",
    "Lien de désinscription",
    "Lien de traçage",
    "Listes cibles",
    "Utiliser les rapports pour insérer des listes cibles",
]
"""Those of the manual that people come from."""


def page_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("path", "own_curl"), [(ENGLISH, True), (FRENCH, False)], ids=["en", "fr"])
def test_whoever_follows_the_manual_gets_what_it_shows(path: Path, tmp_path: Path, *, own_curl: bool) -> None:
    """From the first block to the last, with the machine's own curl where it has one."""
    page = page_of(path)
    [token] = re.findall(r"`ENVOI_ADMIN_TOKEN=(\S+) make dev`", page)
    with LocalCloud(running=False, admin_token=token) as cloud:
        Reader(tmp_path, cloud.api_url, cloud.ses_url, own_curl=own_curl).follow(blocks(page))


@pytest.mark.parametrize("path", [ENGLISH, FRENCH], ids=["en", "fr"])
def test_every_block_is_of_a_kind_that_is_tried(path: Path) -> None:
    """None could be there that the reader above passes over; and each fence has its end."""
    page = page_of(path)
    found = blocks(page)
    assert {block.kind for block in found} == KINDS
    assert len(re.findall(r"^ *```", page, re.MULTILINE)) == 2 * len(found)


def test_both_languages_say_the_same() -> None:
    """The same commands with the same fields in the same order, and the same fields in the answers."""
    english, french = (blocks(page_of(path)) for path in (ENGLISH, FRENCH))
    for one, other in zip(english, french, strict=True):
        assert _bones(one) == _bones(other), f"lines {one.line} and {other.line}"


def _bones(block: Block) -> tuple[str, list[str]]:
    """What does not depend on the language: in commands everything but texts, in answers the names of fields."""
    if block.kind == "bash":
        words = re.sub(
            r'(: |\\"name\\": )\\?"[^"$]*"|^python3 template.*$|#.*$', "", block.text, flags=re.MULTILINE
        )
        return block.kind, re.sub(r"<p>.*?</p>", "", words).splitlines()
    return block.kind, re.findall(r'"(\w+)":', block.text) or re.findall(r"</?\w+", block.text)


def test_the_manual_follows_the_one_that_people_come_from() -> None:
    """Heading by heading."""
    english, french = (
        re.findall(r"^#+ (.*)$", _prose(page_of(path)), re.MULTILINE) for path in (ENGLISH, FRENCH)
    )
    assert french == HEADINGS
    assert len(english) == len(HEADINGS)


@pytest.mark.parametrize("path", [ENGLISH, FRENCH], ids=["en", "fr"])
def test_the_manual_names_every_action_of_the_log(path: Path) -> None:
    """Sent to Lead Created."""
    listed = re.findall(r"^\* .*(?:\n  .*)*", page_of(path), re.MULTILINE)
    assert {name for line in listed for name in re.findall(r"`([\w ]+)`", line)} == set(Action)


@pytest.mark.parametrize("path", [ENGLISH, FRENCH], ids=["en", "fr"])
def test_the_manual_begins_where_make_dev_listens(path: Path) -> None:
    """The addresses that it shows are those of ``make dev``, which prints them."""
    from devstack import __main__ as dev  # noqa: PLC0415 - only this test looks into it

    source = Path(dev.__file__ or "").read_text(encoding="utf-8")
    ports = re.findall(r'os\.environ\.get\("\w+"\) or (\d+)', source)
    assert [f"http://127.0.0.1:{port}" for port in ports] == [SHOWN_API, SHOWN_INBOX]
    assert SHOWN_API in page_of(path)
    assert SHOWN_INBOX in page_of(path)


def _prose(page: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", page, flags=re.MULTILINE | re.DOTALL)
