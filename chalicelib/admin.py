"""``python -m chalicelib.admin <verb> --stage prod``: what an operator does by hand. Never called by a function.

Every verb says what it did and answers with an exit status: 0 done (or right), 1 not done (or wrong), 2 a slip in the command.
``--dry-run`` says what would be done; ``recount`` only looks unless it is told to ``--apply``.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.ports_admin import DeadQueue
from chalicelib.errors import EnvoiError
from chalicelib.settings import MissingVariable
from chalicelib.wiring import Wiring
from chalicelib.wiring_admin import AdminWiring

DONE, NOT_DONE = 0, 1


def main(arguments: list[str], wiring: Wiring | None = None) -> int:
    """Do what the arguments say; answers the exit status. ``wiring`` is given by tests."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import, and --help needs none

    asked = _parser().parse_args(arguments)
    try:
        status: int = asked.verb(AdminWiring(wiring or Wiring(stage_variables(asked.stage))), asked)
    except ClientError as error:
        return _failed(f"{error.operation_name}: {error.response['Error']['Code']}")
    except (EnvoiError, MissingVariable, BotoCoreError) as error:
        return _failed(str(error))
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chalicelib.admin", description=__doc__.partition("\n")[0]
    )
    verbs = parser.add_subparsers(required=True, metavar="verb")

    def verb(name: str, act: Any, told: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=told, description=told)
        made.add_argument(
            "--stage", default="", help="whose functions' variables are taken; without it our own"
        )
        made.add_argument("--dry-run", action="store_true", help="say what would be done")
        made.set_defaults(verb=act)
        return made

    token = verb("token", make_token, "make an administrator's token and show it, this once")
    token.add_argument("--name", default="first administrator")
    redrive = verb("redrive", redrive_letters, "bring dead letters back where they came from")
    redrive.add_argument(
        "queues", nargs="*", type=DeadQueue, default=list(DeadQueue), metavar="send|jobs|feedback"
    )
    settle = verb("settle", settle_unknown, "decide what became of the Unknown recipients of a mass email")
    settle.add_argument("mass_email_id")
    settle.add_argument("--as", dest="outcome", choices=["Sent", "Failed"], required=True)
    recount = verb("recount", recount_all, "hold stored numbers against what they count")
    recount.add_argument("--apply", action="store_true", help="mend what is wrong")
    rotate = verb("rotate-keys", rotate_keys, "take the next step of a rotation of the signing key")
    rotate.add_argument(
        "--wait", action="store_true", help="wait until the last step can be taken, and take it"
    )
    return parser


def make_token(admin: AdminWiring, asked: argparse.Namespace) -> int:
    """A token for whoever makes the others; only its hash is kept."""
    from chalicelib.domain.records import Role  # noqa: PLC0415 - this verb's alone

    if asked.dry_run:
        _say(f"would make an admin token named {asked.name!r} in {admin.stage.environment.table}")
        return DONE
    record, text = admin.stage.tokens.create(name=asked.name, role=Role.ADMIN, expires_at=None)
    print(text)
    _say(
        f"token {record.id}, role admin, shown this once: only its hash is kept. DELETE /v1/tokens/{record.id} revokes it"
    )
    return DONE


def redrive_letters(admin: AdminWiring, asked: argparse.Namespace) -> int:
    """Not done where a letter is left that nothing can read, or that is not ours."""
    left = 0
    for queue in asked.queues:
        found = admin.redriving.run(queue, apply=not asked.dry_run)
        left += found.unreadable + found.foreign
        would = "would be brought back" if asked.dry_run else "brought back"
        foreign = f", {found.foreign} of another topic or account" if found.foreign else ""
        print(
            f"{queue}: {found.brought_back} {would}, {found.unreadable} left that nothing could read{foreign}"
        )
    return NOT_DONE if left else DONE


def settle_unknown(admin: AdminWiring, asked: argparse.Namespace) -> int:
    """All of them; single ones: ``POST /v1/mass-emails/{id}/recipients/settle``."""
    if asked.dry_run:
        count = admin.stage.recipients.unknown(asked.mass_email_id)
        print(f"{count} Unknown recipients would be {asked.outcome}")
        return DONE
    count = admin.stage.recipients.settle(asked.mass_email_id, None, sent=asked.outcome == "Sent")
    print(f"{count} Unknown recipients are {asked.outcome} now")
    return DONE


def recount_all(admin: AdminWiring, asked: argparse.Namespace) -> int:
    """Not done where something is wrong, or could not be judged."""
    verdicts: Counter[str] = Counter()
    for each in admin.recounting.run(apply=asked.apply and not asked.dry_run):
        verdicts[each.verdict] += 1
        if each.verdict != "right":
            differing = {name: (each.stored.get(name), each.counted[name]) for name in each.counted}
            told = ", ".join(
                f"{name} {was} counted {now}" for name, (was, now) in differing.items() if was != now
            )
            print(f"{each.what} {each.id}: {each.verdict}; {told}")
    print(
        "; ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
        or "nothing is counted yet"
    )
    return NOT_DONE if verdicts["wrong"] or verdicts["busy"] else DONE


def rotate_keys(admin: AdminWiring, asked: argparse.Namespace) -> int:
    """Not done while a key waits to be known everywhere."""
    from chalicelib.flows.key_rotation import Step  # noqa: PLC0415 - this verb's alone

    would = "would be " if asked.dry_run else ""
    while True:
        done = admin.key_rotation.run(apply=not asked.dry_run)
        seconds = round(done.wait.total_seconds())
        if done.step is Step.SIGNING:
            print(f"key {done.key} {would}signing from now on; the older keys go on verifying")
            return DONE
        if done.step is Step.ADDED:
            print(
                f"key {done.key} {would}added; it verifies everywhere in {seconds} s and signs after the next call"
            )
        else:
            print(f"key {done.key} is not known everywhere yet: {seconds} s to wait")
        if asked.dry_run or not asked.wait:
            return DONE if done.step is Step.ADDED else NOT_DONE
        admin.stage.clock.sleep(done.wait.total_seconds())


def stage_variables(stage: str) -> Mapping[str, str]:
    """A stage's variables, as its functions have them; its own where no stage is named (the local cloud, tests)."""
    if not stage:
        return os.environ
    import boto3  # noqa: PLC0415 - slow to import

    make: Any = boto3.client
    found = make("lambda").get_function_configuration(FunctionName=f"envoi-{stage}-api")
    variables: Mapping[str, str] = found["Environment"]["Variables"]
    return variables


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _failed(why: str) -> int:
    _say(f"not done: {why}")
    return NOT_DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
