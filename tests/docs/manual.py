"""A manual as a reader follows it: its blocks in order, each run in bash, its answers held against what came.

A block's info string says what it is: ``bash`` is run; ``json`` and ``http`` show what the block before printed;
``html FILE`` is a file that the next blocks use. Nothing else is a block.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.shown import Shown

KINDS = frozenset({"bash", "json", "http", "html"})
SHOWN_API, SHOWN_INBOX = "http://127.0.0.1:8000", "http://127.0.0.1:8025"
SHIM = Path(__file__).parent / "curl"
VARIABLES = ".variables"
"""What a block sets is there in the next one, as in one terminal."""

_BLOCK = re.compile(r"^ *```(?P<info>[^\n`]+)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """``line`` is where it begins; ``name`` the file that an ``html`` block is."""

    kind: str
    text: str
    line: int
    name: str = ""


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in order; indentation under a list item is taken off."""
    return list(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    for found in _BLOCK.finditer(text):
        kind, _, name = found["info"].strip().partition(" ")
        indent = len(found[0]) - len(found[0].lstrip(" "))
        lines = found["text"].splitlines(keepends=True)
        plain = "".join(line[indent:] if line.strip() else line for line in lines)
        yield Block(kind, plain, text.count("\n", 0, found.start()) + 1, name)


class Reader:
    """Somebody who follows a manual in a directory of their own, and puts their own ids where the manual's stand."""

    def __init__(self, place: Path, api_url: str, inbox_url: str, *, own_curl: bool) -> None:
        self._place = place
        self._shown = Shown({SHOWN_API: api_url, SHOWN_INBOX: inbox_url})
        self._path = _path(place, own_curl=own_curl)

    def follow(self, page: Sequence[Block]) -> None:
        """Do what the page says, block by block.

        Raises:
            AssertionError: A block failed, or printed something else than the page shows.
            ValueError: What was shown or printed is no JSON.
        """
        printed = ""
        for block in page:
            try:
                if block.kind == "bash":
                    printed = self._run(self._shown.own(block.text))
                elif block.kind == "html":
                    (self._place / block.name).write_text(self._shown.own(block.text))
                elif block.kind == "json":
                    self._shown.check_json(block.text, printed)
                else:
                    self._shown.check_lines(block.text, printed)
            except (AssertionError, ValueError) as error:
                error.add_note(f"line {block.line}:\n{block.text}\nprinted:\n{printed}")
                raise

    def _run(self, script: str) -> str:
        keep = f"set -a; [ ! -e {VARIABLES} ] || . ./{VARIABLES}\n{script}\nexport -p > {VARIABLES}\n"
        done = subprocess.run(  # noqa: S603 - our own pages, in an empty directory
            ["/bin/bash", "-euo", "pipefail", "-c", keep],
            cwd=self._place,
            env={"PATH": self._path, "HOME": str(self._place), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout


def _path(place: Path, *, own_curl: bool) -> str:
    """Where programs are: ours first where the machine has no curl, or is not to use it."""
    programs = place / ".programs"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    if not own_curl or shutil.which("curl") is None:
        shim = programs / "curl"
        shim.write_text(f"#!{sys.executable}\n{SHIM.with_suffix('.py').read_text()}")
        shim.chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"
