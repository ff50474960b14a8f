"""``python -m devstack.demo``: starts the local cloud, sends a campaign hour by hour, prints its report, adds it up.

``KEEP=1`` leaves the world running to look around in; ``DEMO_PEOPLE`` is how many lines the file has (2,000).
"""

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from devstack.cloud import LocalCloud
from devstack.demo import audience, report, world
from devstack.demo.api import Api
from devstack.demo.people import FEWEST, made_files
from devstack.demo.readers import Readers
from devstack.log_lines import into_file

SEED = 20260301
HOUR = 3600  # seconds
MOST_HOURS = 24
CHANGED_THEIR_MIND = (
    3  # people who say on the telephone, after the first hour, that they want no more letters
)
SEND_RATE = 200  # recipients per second: what SES gives many accounts


def main() -> int:
    """Run it; the exit code says whether everything added up."""
    started = time.monotonic()
    count = max(FEWEST, int(os.environ.get("DEMO_PEOPLE") or 2000))
    keep = bool(os.environ.get("KEEP"))
    folder = Path(tempfile.mkdtemp(prefix="envoi-demo-"))
    log = folder / "functions.log"
    with LocalCloud(
        port=int(os.environ.get("PORT") or 8000) if keep else 0,
        ses_port=int(os.environ.get("SES_PORT") or 8025) if keep else 0,
        admin_token=os.environ.get("ENVOI_ADMIN_TOKEN") or None,
        running=False,
        log=into_file(log),
    ) as cloud:
        api, inbox = Api(cloud.api_url, cloud.admin_token), Api(cloud.ses_url)
        inbox.call("PUT", "/_local/faults", {"maxSendRate": SEND_RATE, "max24HourSend": 50_000})
        print("\n  Envoi: a newsletter to everybody in a CSV, in the local cloud\n")
        good = _play(cloud, api, inbox, count)
        print(f"\n  Took {time.monotonic() - started:.0f} s.")
        if keep:
            _stay(cloud, log)
    if not good:
        print(f"  What the functions logged: {log}")
        return 1
    shutil.rmtree(folder)
    return 0


def _play(cloud: LocalCloud, api: Api, inbox: Api, count: int) -> bool:
    world.settle_in(api)
    people = audience.bring_in(api, inbox, made_files(count, SEED))
    for line in report.came(people):
        print(line)
    made = world.Made(people)
    start_at = inbox.call("POST", "/_local/tick", {"advance": 0})["now"]
    world.make_campaign(api, made, start_at)
    _send_test(api, inbox, made)
    readers = Readers(Api(cloud.api_url), SEED)
    addresses, changed = _hours(api, inbox, made, readers)
    outcome = _outcome(api, made, changed)
    print()
    for line in report.lines(outcome):
        print(line)
    return _add_up(report.sums(made, outcome, readers.deeds, addresses))


def _send_test(api: Api, inbox: Api, made: world.Made) -> None:
    """First to oneself, as one of the readers would get it."""
    reader = next(row for row in made.audience.stored if row.role == "reader")
    somebody = audience.contact_id(api, reader)
    target = {"emailAddress": "me@aubepine.example", "as": {"type": "Contact", "id": somebody}}
    (result,) = api.call("POST", f"/v1/mass-emails/{made.mass_email_id}/send-test", {"targets": [target]})[
        "results"
    ]
    (message,) = inbox.call("GET", "/_local/messages")["list"]
    size = round(len(message["html"].encode()) / 1000)
    print(f"  Send Test: {result['status']}; “{message['subject']}”, {size} kB of HTML")
    inbox.call("DELETE", "/_local/messages")


def _hours(api: Api, inbox: Api, made: world.Made, readers: Readers) -> tuple[list[str], int]:
    """Tick after tick until it is Complete; after each the readers read what has come.

    Answers who got mail, and how many changed their mind before.
    """
    seen: set[str] = set()
    addresses: list[str] = []
    changed = 0
    for hour in range(MOST_HOURS):
        tick = inbox.call("POST", "/_local/tick", {"advance": HOUR if hour else 0})
        messages = inbox.call("GET", "/_local/messages", limit=world.PORTION + 1)["list"]
        new = [message for message in messages if message["messageId"] not in seen]
        seen |= {message["messageId"] for message in new}
        addresses += [message["to"] for message in new]
        readers.read([message for message in new if not message["to"].endswith("simulator.amazonses.com")])
        inbox.call("POST", "/_local/tick", {"advance": 0})
        mass_email = api.call("GET", f"/v1/mass-emails/{made.mass_email_id}")
        counts = mass_email["counts"]
        _bar(
            f"hour {hour + 1}: {tick['released']} released",
            counts["Sent"],
            counts["Sent"] + counts["Pending"],
        )
        if mass_email["status"] == "Complete":
            print()
            return addresses, changed
        if hour == 0:
            changed = _change_of_mind(api, made)
    raise TimeoutError("it did not finish within a day")


def _change_of_mind(api: Api, made: world.Made) -> int:
    """Who opts out before their turn comes is not mailed, though they are in the ledger."""
    path = f"/v1/mass-emails/{made.mass_email_id}/recipients"
    waiting = api.call("GET", path, status="Pending", limit=CHANGED_THEIR_MIND)["list"]
    for recipient in waiting:
        api.call("PATCH", "/v1/email-addresses", {"optOut": True}, address=recipient["emailAddress"])
    return len(waiting)


def _outcome(api: Api, made: world.Made, changed: int) -> report.Outcome:
    path = f"/v1/mass-emails/{made.mass_email_id}"
    log = {action: _logged(api, made.campaign_id, action) for action in report.LOGGED}
    return report.Outcome(
        mass_email=api.call("GET", path),
        stats=api.call("GET", f"/v1/campaigns/{made.campaign_id}/stats"),
        skipped=api.pages(f"{path}/recipients", status="Skipped"),
        log=log,
        changed_their_mind=changed,
    )


def _logged(api: Api, campaign_id: str, action: str) -> int:
    """How many rows the log has of this action, tests left out."""
    rows = api.pages(f"/v1/campaigns/{campaign_id}/log", action=action)
    return sum(not row["isTest"] for row in rows)


def _add_up(sums: Sequence[report.Sum]) -> bool:
    wrong = [each for each in sums if not each.holds]
    print(f"\n  {len(sums) - len(wrong)} of {len(sums)} sums hold")
    for each in wrong:
        print(f"    WRONG  {each.what}: expected {each.expected}, found {each.found}")
    return not wrong


def _bar(label: str, done: int, total: int) -> None:
    """A progress bar on one line; only now and then, where nobody watches."""
    if not sys.stdout.isatty() and done not in (0, total):
        return
    filled = 30 * done // max(1, total)
    end = "" if sys.stdout.isatty() else "\n"
    print(f"\r  {label:<28} {'━' * filled}{'╌' * (30 - filled)} {done:>5} / {total}", end=end, flush=True)


def _stay(cloud: LocalCloud, log: Path) -> None:
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    print(
        f"\n  Look around: inbox {cloud.ses_url}/   API {cloud.api_url}/v1   admin token {cloud.admin_token}\n"
        f"  What the functions log: {log}\n  Ctrl-C ends it."
    )
    ended.wait()


if __name__ == "__main__":
    sys.exit(main())
