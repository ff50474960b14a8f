"""``python -m infrastructure package|ready|deploy|smoke --stage prod``: what the Makefile calls."""

import argparse
import os
import sys
from pathlib import Path

from infrastructure.packaging import Package, PackagingFailed, package
from infrastructure.stages import ROOT, Stage, UnknownStage, read_stage
from infrastructure.template import merge_template

BUILT = ROOT / "build" / "package"


def main(arguments: list[str]) -> int:
    """Do what the arguments say; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infrastructure", description=__doc__)
    parser.add_argument("verb", choices=["package", "ready", "deploy", "smoke"])
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--out", type=Path, default=BUILT, help="the package's folder")
    parser.add_argument(
        "--bucket", default="", help="for the code; without one a bucket of the account's is made"
    )
    parser.add_argument("--yes", action="store_true", help="make the changes without asking")
    parser.add_argument(
        "--sender", default="", help="who the smoke test's mail is from; the setting's without it"
    )
    asked = parser.parse_args(arguments)
    try:
        stage = read_stage(asked.stage)
        if asked.verb == "package":
            return _package(stage, asked.out)
        if asked.verb == "smoke":
            return _smoke(stage, asked.sender)
        merge_template(stage)  # a slip in the configuration is told before anything that takes long
        return _deploy(stage, asked.out, asked.bucket, only_look=asked.verb == "ready", yes=asked.yes)
    except (UnknownStage, ValueError, PackagingFailed) as error:
        print(error, file=sys.stderr)
        return 2


def _package(stage: Stage, folder: Path) -> int:
    made = package(stage, folder)
    print(f"{made.code} ({made.code.stat().st_size / 1e6:.1f} MB) and {made.template}")
    return 0


def _deploy(stage: Stage, folder: Path, bucket: str, *, only_look: bool, yes: bool) -> int:
    import boto3  # noqa: PLC0415 - packaging needs no AWS

    from infrastructure.deploy import Declined, Deployment  # noqa: PLC0415 - as above
    from infrastructure.deploy_changes import ChangesFailed  # noqa: PLC0415 - as above
    from infrastructure.deploy_needs import NotReady, find_place  # noqa: PLC0415 - as above

    session = boto3.Session()
    try:
        place = find_place(session, stage, bucket)
        if only_look:
            print(f"Ready: {stage.stack} goes to account {place.account}, {place.region}.")
            return 0
        made = Package(folder / "sam.json", folder / "deployment.zip")
        Deployment(session, place, stage, _ask).run(made, yes=yes)
    except NotReady as error:
        print(f"Nothing was done. For a deployment of {stage.stack} this is missing:", file=sys.stderr)
        for sentence in error.missing:
            print(f"  - {sentence}", file=sys.stderr)
        return 1
    except Declined:
        print("Nothing was changed.", file=sys.stderr)
        return 1
    except ChangesFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _smoke(stage: Stage, sender: str) -> int:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - packaging needs no AWS

    from chalicelib.admin import stage_variables  # noqa: PLC0415 - as above
    from chalicelib.errors import Conflict  # noqa: PLC0415 - as above
    from chalicelib.wiring import Wiring  # noqa: PLC0415 - as above
    from infrastructure.smoke import Smoke, table  # noqa: PLC0415 - as above
    from infrastructure.smoke_calls import Unexpected  # noqa: PLC0415 - as above

    try:
        token = os.environ.get("ENVOI_SMOKE_TOKEN", "")  # no argument: those are in the shell's history
        found = Smoke(Wiring(stage_variables(stage.name)), sender, token=token).run()
    except (BotoCoreError, ClientError, Conflict, Unexpected) as error:
        print(f"{stage.stack} could not be tried: {error}", file=sys.stderr)
        return 1
    print(table(found))
    return 0 if all(each.holds for each in found) else 1


def _ask(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # nobody is there to answer
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
