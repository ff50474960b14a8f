"""What comes after a send: events of SES's and visits of readers, one at a time, whose function dies over them.

Each scene says what it changes of all that the API tells. That is what must be told however often somebody died.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from chalicelib.domain.events import TAG_MASS_EMAIL
from devstack.ses_mailbox import Message
from tests.proof import network
from tests.proof.audit import letters
from tests.proof.company import Company, company
from tests.proof.plays import small_steps
from tests.proof.stage import HOUR, Stage
from tests.proof.told import told

MINUTE = timedelta(minutes=1)
SCANNER = "Barracuda Sentinel (EE)"
LINK = re.compile(r"https://mail\.acme\.example(/[tup]/[^\"]+)")
ONE_CLICK = b"List-Unsubscribe=One-Click"


@dataclass(frozen=True)
class Scene:
    """``act`` is what happens, done by ``function``; ``changes`` what it adds to the numbers of :func:`told`.

    ``rest`` is what happens later, when nobody dies any more.
    """

    name: str
    function: str
    act: Callable[[Stage, list[Message]], None]
    changes: Mapping[str, int]
    company: Callable[[], Company]
    rest: Callable[[Stage, list[Message]], None] = lambda stage, mail: None

    def run(self, **options: Any) -> tuple[Stage, list[str]]:
        """Play it to its end; the stage, and all that is wrong."""
        with small_steps():
            made = self.company()
            before = _before(self.company)
            stage = made.stage(mortal=[self.function], **options)
            stage.postman = lambda event: []  # only the scene's own events come
            mail = _mail(stage, made)
            self.act(stage, mail)
            stage.live(5 * MINUTE)  # the topic and the queues bring again what died
            stage.endanger()
            self.rest(stage, mail)
            after = told(stage, made)
            return stage, [*self._differences(after - before, before - after), *_left(stage)]

    def _differences(self, more: Mapping[str, int], fewer: Mapping[str, int]) -> list[str]:
        changes = {**more, **{name: -count for name, count in fewer.items()}}
        names = sorted(changes.keys() | self.changes.keys())
        return [
            f"{name}: {changes.get(name, 0):+} instead of {self.changes.get(name, 0):+}"
            for name in names
            if changes.get(name, 0) != self.changes.get(name, 0)
        ]


@cache
def _before(beginning: Callable[[], Company]) -> Counter[str]:
    made = beginning()
    return told(made.stage(), made)


def _left(stage: Stage) -> list[str]:
    """Nothing may wait, be buried, or have been sent twice."""
    left = [f"{stage.dead_letters} dead letters"] if stage.dead_letters else []
    if waiting := stage.waiting():
        left.append(f"{waiting} messages wait")
    sent = [letter.recipient_id for letter in letters(stage)]
    if len(sent) != len(set(sent)):
        left.append("somebody got two")
    return [*left, *stage.troubles]


def _mail(stage: Stage, made: Company) -> list[Message]:
    """What SES has accepted of the company's mass emails: the first one's, which has a campaign, then the second's."""
    return [
        message
        for mass_email_id in made.mass_emails
        for message in stage.ses.mailbox
        if message.entry.tags.get(TAG_MASS_EMAIL) == mass_email_id
    ]


def link_of(message: Message, kind: str) -> str:
    """The path of its pixel (``/t/o/``), its link (``/t/c/``), its way out (``/u/``) or its reader's lists (``/p/``)."""
    return next(path for path in LINK.findall(message.html or "") if path.startswith(kind))


# Where scenes begin


@cache
def all_sent() -> Company:
    """Everybody was sent their message, and no event of the first mass email has come but of acceptance."""
    made = company()
    stage = made.stage()
    stage.postman = lambda event: [event] if event["eventType"] == "Send" else []
    assert stage.settle(), stage.troubles
    stage.live(HOUR)
    return made.later(stage)


@cache
def unanswered() -> Company:
    """The first portion's calls were accepted, but their answers were lost, and no event has come yet."""
    made = company()
    stage = made.stage()
    stage.network.climate = network.answer_lost
    stage.postman = lambda event: []
    stage.live(MINUTE)
    return made.later(stage)


@cache
def never_known() -> Company:
    """No call was ever answered, and the stream was dead: everybody is Unknown."""
    made = company()
    stage = made.stage(heartbeat=None)
    stage.network.climate = network.answer_lost
    stage.postman = lambda event: []
    assert stage.settle(), stage.troubles
    return made.later(stage)
