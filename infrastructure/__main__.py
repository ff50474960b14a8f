"""``python -m infrastructure package|deploy|smoke --stage prod``: what the Makefile calls."""

import argparse
import sys
from pathlib import Path

from infrastructure.packaging import package
from infrastructure.stages import ROOT, Stage, UnknownStage, read_stage

BUILT = ROOT / "build" / "package"


def main(arguments: list[str]) -> int:
    """Do what the arguments say; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infrastructure", description=__doc__)
    parser.add_argument("verb", choices=["package"])
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--out", type=Path, default=BUILT)
    asked = parser.parse_args(arguments)
    try:
        stage = read_stage(asked.stage)
    except (UnknownStage, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return _package(stage, asked.out)


def _package(stage: Stage, folder: Path) -> int:
    made = package(stage, folder)
    print(f"{made.code} ({made.code.stat().st_size / 1e6:.1f} MB) and {made.template}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
