"""``make deploy`` itself: what it does, in which order, and what stops it. The Makefile runs beside programs that note their calls."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from infrastructure.deploy_needs import NO_CREDENTIALS, NO_REGION
from infrastructure.stages import ROOT

TOOLS = ("ruff", "mypy", "lint-imports", "pytest", "python")
READY = "python -m infrastructure ready --stage prod --bucket"
CHECKED = ["ruff format --check .", "ruff check .", "mypy", "lint-imports"]


class Made(NamedTuple):
    """What make said, and the calls that were noted."""

    status: int
    told: str
    calls: list[str]


class Place:
    """A directory with the Makefile and an environment of programs that do nothing but note how they were called."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copy(ROOT / "Makefile", folder)
        for name in ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt"):
            (folder / name).touch()
        (folder / ".venv" / "bin").mkdir(parents=True)
        for tool in TOOLS:
            self.does(tool, "exit 0")
        (folder / ".venv" / "dev.stamp").touch()  # installed already

    def does(self, tool: str, command: str) -> None:
        """What a program does after it has noted its call."""
        program = self._folder / ".venv" / "bin" / tool
        program.write_text(f'#!/bin/sh\necho {tool} "$@" >> "{self._folder}/calls"\n{command}\n')
        program.chmod(0o755)

    def deploy(self, *values: str) -> Made:
        """Run it on a machine that knows of no account."""
        done = subprocess.run(  # noqa: S603 - our own Makefile
            ["make", "deploy", "STAGE=prod", *values],  # noqa: S607 - whichever make the machine has
            cwd=self._folder,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(self._folder),
                "PYTHONPATH": str(ROOT),
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        calls = self._folder / "calls"
        noted = calls.read_text().splitlines() if calls.exists() else []
        return Made(done.returncode, done.stderr, [call.rstrip() for call in noted])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A new one."""
    return Place(tmp_path)


def test_without_credentials_it_says_so_before_it_does_anything_else(place: Place) -> None:
    """Nobody waits minutes for the tests to be told that."""
    place.does("python", f'exec {sys.executable} "$@"')
    made = place.deploy()
    assert made.status != 0
    assert NO_CREDENTIALS in made.told
    assert NO_REGION in made.told
    assert made.calls == [READY]


def test_it_looks_checks_tests_packages_and_deploys(place: Place) -> None:
    """In this order, all of it for one stage; the bucket and the answer reach the last step."""
    made = place.deploy("BUCKET=mine", "YES=1")
    assert made.status == 0, made.told
    assert made.calls == [
        f"{READY} mine",
        *CHECKED,
        "pytest -n auto --dist loadfile",
        "python -m infrastructure package --stage prod",
        "python -m infrastructure deploy --stage prod --bucket mine --yes",
    ]


@pytest.mark.parametrize("tool", ["mypy", "pytest"])
def test_what_fails_is_not_deployed(place: Place, tool: str) -> None:
    """A check or a test."""
    place.does(tool, "exit 1")
    made = place.deploy("YES=1")
    assert made.status != 0
    assert made.calls[-1].startswith(tool)
    assert not any("infrastructure package" in call or "infrastructure deploy" in call for call in made.calls)
