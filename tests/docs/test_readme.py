"""The README and the other pages lead where they say, and show what the demo prints."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.settings import Environment, MissingVariable
from devstack.demo.report import Outcome, lines

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = sorted({README, ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")})
MOST_LINES = 120
LARGEST_PICTURE = 300_000  # bytes
PNG = b"\x89PNG\r\n\x1a\n"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def links(page: Path) -> Iterator[tuple[str, str]]:
    """Each link within the project: file and anchor, either may be empty."""
    plain = re.sub(r"^ *```.*?^ *```|`[^`\n]*`", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", plain):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            yield file, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    """To a file that is there, and to a heading that it has."""
    for file, anchor in links(page):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), file
        if anchor:
            headings = re.findall(r"^#+ (.*)$", text_of(target), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-") for name in headings}


def test_the_readme_is_short_enough_to_be_read() -> None:
    """Whoever needs more finds it in docs/."""
    assert len(text_of(README).splitlines()) <= MOST_LINES


def test_every_verb_that_a_page_names_is_in_the_makefile() -> None:
    """None is promised that is not there."""
    verbs = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    named = {
        verb
        for page in PAGES
        for verbs in re.findall(r"(?:^|`)(?:[A-Z_]+=\S+ )*make ((?:[a-z-]+ ?)+)", text_of(page), re.MULTILINE)
        for verb in verbs.split()
    }
    assert {"demo", "dev", "test", "check", "deploy"} <= named
    assert named - verbs == set()


def test_make_alone_tells_every_verb() -> None:
    """With what it does; and what the project promised is among them."""
    make = shutil.which("make")
    assert make is not None
    run = subprocess.run([make, "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - a fixed command
    printed = re.sub(r"\x1b\[\d*m", "", run.stdout)
    told = dict(re.findall(r"^ +([a-z-]+) +(\S.*)$", printed, re.MULTILINE))
    verbs = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(told) == verbs
    assert {"install", "lint", "check", "test", "demo", "dev", "package", "clean"} <= verbs


def test_the_report_in_the_readme_is_what_the_demo_prints() -> None:
    """The very lines, for the numbers that it shows."""
    page = text_of(README)
    shown = dict(re.findall(r"^    (\w[\w ]*?) +(\d+)(?: |$)", page, re.MULTILINE))
    reasons = list(shown)[8:]
    [name] = re.findall(r"mass email “(.*?)”", page)
    stats = ("sent", "delivered", "opened", "clicked", "optedOut", "hardBounced", "softBounced", "complained")
    outcome = Outcome(
        mass_email={"name": name, "status": "Complete"},
        stats={f"{stat}Count": int(count) for stat, count in zip(stats, shown.values(), strict=False)},
        skipped=[{"reason": reason} for reason in reasons for _ in range(int(shown[reason]))],
        log={},
    )
    printed = "\n".join(lines(outcome))
    assert len(reasons) > 3
    assert printed in page


def test_the_pictures_are_pictures_and_light() -> None:
    """And each is shown somewhere."""
    pictures = list((ROOT / "docs" / "pictures").iterdir())
    assert pictures
    shown = {(page.parent / file).resolve() for page in PAGES for file, _ in links(page)}
    for picture in pictures:
        assert picture.read_bytes().startswith(PNG)
        assert picture.stat().st_size <= LARGEST_PICTURE
        assert picture in shown


def test_the_variables_are_where_the_readme_says() -> None:
    """Every ``ENVOI_`` variable of the functions is read in settings.py, or names a thing in app.py."""
    with pytest.raises(MissingVariable, match="ENVOI_"):
        Environment.from_env({})
    elsewhere = {
        name
        for path in (ROOT / "chalicelib").rglob("*.py")
        if path.name != "settings.py"
        for name in re.findall(r"environ\S*\W(ENVOI_\w+)", text_of(path))
    }
    assert elsewhere == set()
