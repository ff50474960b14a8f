"""Everything that is played: the sends, and one event or visit of each kind after them."""

from collections.abc import Callable, Iterator, Mapping

from devstack.ses_mailbox import Message
from tests.proof import events, scenes
from tests.proof.events import Event
from tests.proof.plays import PLAYS, Play
from tests.proof.scenes import ONE_CLICK, SCANNER, Scene, link_of
from tests.proof.stage import BROWSER, Stage

Mail = list[Message]
LEFT_LISTS = {f"{name} {what}optedOut": 1 for name in ("Readers", "Friends") for what in ("", "rows ")}
LEFT = {"optedOutCount": 1, "log Opted Out": 1, **LEFT_LISTS}
LEFT_EVERYTHING = {**LEFT, "addresses optOut": 1}
LEFT_READERS = {
    "optedOutCount": 1,
    "log Opted Out": 1,
    "Readers optedOut": 1,
    "Readers rows optedOut": 1,
}
CAME_BACK = {"optedInCount": 1, "log Opted In": 1, "optedOutCount": 1, "log Opted Out": 1}
NOTHING: Mapping[str, int] = {}
HARD = {"bouncedCount": 1, "hardBouncedCount": 1, "log Bounced": 1, "raw events": 1, "addresses invalid": 1}
SOFT = {"bouncedCount": 1, "softBouncedCount": 1, "log Bounced": 1, "raw events": 1}
KEPT = {"raw events": 1}
TAKEN_BACK = {"Sent": -1, "sentCount": -1, "log Sent": -1, "Failed": 1, "raw events": 1}
DELIVERED = {"deliveredCount": 1, "log Delivered": 1}
OPENED = {"openedCount": 1, "log Opened": 1}
CLICKED = {"clickedCount": 1, "log Clicked": 1, **OPENED}


Told = Callable[[Mail], Event | list[Event]]
Act = Callable[[Stage, Mail], None]


def _publishing(what: Told) -> Act:
    def act(stage: Stage, mail: Mail) -> None:
        found = what(mail)
        for each in found if isinstance(found, list) else [found]:
            stage.topic.publish(each)

    return act


def _visiting(method: str, kind: str, *, after: str = "", times: int = 1, agent: str = BROWSER) -> Act:
    def act(stage: Stage, mail: Mail) -> None:
        for _ in range(times):
            stage.visit(method, link_of(mail[0], kind) + after, agent=agent)
            stage.clock.advance(60)

    return act


def _in_turn(*acts: Act) -> Act:
    def act(stage: Stage, mail: Mail) -> None:
        for each in acts:
            each(stage, mail)

    return act


def _one_click(stage: Stage, mail: Mail) -> None:
    stage.visit("POST", link_of(mail[0], "/u/"), body=ONE_CLICK)


def _keeping(*names: str) -> Act:
    """On the preferences page: stay on the lists with these names, and on no other."""

    def act(stage: Stage, mail: Mail) -> None:
        lists = stage.http("GET", "/v1/target-lists")[1]["list"]
        kept = [f"list={each['id']}" for each in lists if each["name"] in names]
        stage.visit("POST", link_of(mail[0], "/p/"), body="&".join(kept).encode() or b"save=")
        stage.clock.advance(60)

    return act


def _leaving_everything(stage: Stage, mail: Mail) -> None:
    stage.visit("POST", link_of(mail[0], "/p/"), body=b"all=off")
    stage.clock.advance(60)


OPEN, CLICK = _visiting("GET", "/t/o/"), _visiting("GET", "/t/c/")
LEAVE, UNDO = _visiting("POST", "/u/"), _visiting("POST", "/u/", after="/undo")

FEEDBACK: Mapping[str, tuple[Told, Mapping[str, int]]] = {
    "send": (lambda mail: events.send(mail[0]), NOTHING),
    "delivery": (lambda mail: events.delivery(mail[0]), DELIVERED),
    "delay": (
        lambda mail: events.other("DeliveryDelay", "deliveryDelay", mail[0], {"delayType": "MailboxFull"}),
        KEPT,
    ),
    "bounce": (lambda mail: events.bounce(mail[0]), HARD),
    "soft-bounce": (lambda mail: events.soft_bounce(mail[0]), SOFT),
    "fifth-soft-bounce": (
        lambda mail: [events.soft_bounce(mail[0], number) for number in range(5)],
        {**SOFT, "raw events": 5, "addresses invalid": 1},
    ),
    "suppressed": (lambda mail: events.suppressed(mail[0]), HARD),
    "complaint": (
        lambda mail: events.complaint(mail[0]),
        {"complainedCount": 1, "log Complained": 1, "addresses optOut": 1, **KEPT},
    ),
    "reject": (lambda mail: events.reject(mail[0]), TAKEN_BACK),
    "rendering-failure": (lambda mail: events.failure(mail[0]), TAKEN_BACK),
    "open": (lambda mail: events.other("Open", "open", mail[0], {"ipAddress": "192.0.2.1"}), KEPT),
    "click": (lambda mail: events.other("Click", "click", mail[0], {"link": "https://a.example"}), KEPT),
    "subscription": (lambda mail: events.other("Subscription", "subscription", mail[0], {}), KEPT),
    "new-type": (lambda mail: events.other("Teleported", "teleported", mail[0], {"to": "Mars"}), KEPT),
    "twice": (lambda mail: [events.bounce(mail[0])] * 2, HARD),
    "delivered-then-bounced": (
        lambda mail: [events.delivery(mail[0]), events.bounce(mail[0])],
        HARD | DELIVERED,
    ),
    "by-header-only": (lambda mail: events.by_header_only(events.bounce(mail[0])), HARD),
    "several-recipients": (
        lambda mail: events.of_several(events.bounce(mail[0]), mail[:3]),
        {**HARD, "addresses invalid": 3},
    ),
    "of-nobody-we-know-of": (
        lambda mail: events.of_nobody(events.bounce(mail[0])),
        {"addresses invalid": 1, **KEPT},
    ),
    "of-a-stranger": (lambda mail: events.of_a_stranger(events.bounce(mail[0]), mail[0].at), NOTHING),
    "of-another-sender": (
        lambda mail: {
            **events.bounce(mail[0]),
            "mail": {**events.bounce(mail[0])["mail"], "tags": {}, "headers": []},
        },
        NOTHING,
    ),
    "no-event": (lambda mail: {"hello": "world"}, KEPT),
}
READERS: Mapping[str, tuple[Act, Mapping[str, int]]] = {
    "open": (OPEN, OPENED),
    "open-again": (_in_turn(OPEN, OPEN), OPENED),
    "open-by-machine": (_visiting("GET", "/t/o/", agent=SCANNER), NOTHING),
    "click": (CLICK, CLICKED),
    "click-again": (_in_turn(CLICK, CLICK), CLICKED),
    "open-and-click": (_in_turn(OPEN, CLICK), CLICKED),
    "click-by-machine": (_visiting("GET", "/t/c/", agent=SCANNER), NOTHING),
    "look-at-link": (_visiting("HEAD", "/t/c/"), NOTHING),
    "page": (_visiting("GET", "/u/"), NOTHING),
    "one-click": (_one_click, LEFT),
    "page-and-button": (_in_turn(_visiting("GET", "/u/"), LEAVE), LEFT),
    "leave-again": (_in_turn(LEAVE, LEAVE), LEFT),
    "undo": (_in_turn(LEAVE, UNDO), CAME_BACK),
    "undo-again": (_in_turn(LEAVE, UNDO, UNDO), CAME_BACK),
    "undo-of-nothing": (UNDO, NOTHING),
    "preferences-page": (_visiting("GET", "/p/"), NOTHING),
    "preferences-as-they-are": (_keeping("Readers", "Friends"), NOTHING),
    "preferences": (_keeping("Friends"), LEFT_READERS),
    "preferences-again": (_in_turn(_keeping("Friends"), _keeping("Friends")), LEFT_READERS),
    "preferences-in-turn": (
        _in_turn(_keeping("Friends"), _keeping("Readers")),
        {
            **CAME_BACK,
            "log Opted Out": 2,
            "Friends optedOut": 1,
            "Friends rows optedOut": 1,
        },
    ),
    "preferences-nothing": (_leaving_everything, LEFT_EVERYTHING),
    "preferences-nothing-but": (
        _in_turn(_leaving_everything, _keeping("Friends")),
        {**CAME_BACK, **LEFT_READERS, "log Opted In": 1},
    ),
    "leave-then-preferences": (_in_turn(LEAVE, _keeping("Friends")), {**CAME_BACK, **LEFT_READERS}),
    "leave-undo-leave": (_in_turn(LEAVE, UNDO, LEAVE), {**CAME_BACK, **LEFT, "log Opted Out": 2}),
    "leave-undo-twice": (
        _in_turn(LEAVE, UNDO, LEAVE, UNDO),
        {**CAME_BACK, "log Opted Out": 2, "log Opted In": 2},
    ),
}
FOUND_OUT = {"Unknown": -1, "Sent": 1, "sentCount": 1, "log Sent": 1}
LATE: Mapping[str, tuple[str, Act, Mapping[str, int]]] = {
    "late-send": ("feedback", _publishing(FEEDBACK["send"][0]), FOUND_OUT),
    "late-delivery": ("feedback", _publishing(FEEDBACK["delivery"][0]), FOUND_OUT | DELIVERED),
    "late-bounce": ("feedback", _publishing(FEEDBACK["bounce"][0]), FOUND_OUT | HARD),
    "late-reject": ("feedback", _publishing(FEEDBACK["reject"][0]), {"Unknown": -1, "Failed": 1, **KEPT}),
    "late-open": ("web", OPEN, FOUND_OUT | OPENED),
    "late-click": ("web", CLICK, FOUND_OUT | CLICKED),
    "late-leaving": ("web", LEAVE, FOUND_OUT | LEFT),
}
"""About somebody who had become Unknown."""

ALL_SENT = {"Pending": -130, "Sending": -70, "Sent": 200, "sentCount": 200, "log Sent": 200}
EARLY: Mapping[str, tuple[str, Act, Mapping[str, int]]] = {
    "early-send": ("feedback", _publishing(FEEDBACK["send"][0]), ALL_SENT),
    "early-delivery": ("feedback", _publishing(FEEDBACK["delivery"][0]), ALL_SENT | DELIVERED),
    "early-reject": (
        "feedback",
        _publishing(FEEDBACK["reject"][0]),
        ALL_SENT | {"Sent": 199, "sentCount": 199, "log Sent": 199, "Failed": 1, **KEPT},
    ),
    "early-leaving": (
        "web",
        LEAVE,
        ALL_SENT | {"optedOutCount": 1, "log Opted Out": 1, "Press optedOut": 1, "Press rows optedOut": 1},
    ),
}
"""Before the send is recorded: the call's answer was lost, and it is settled by what comes. The last of the portion is on
the list Press only, so that nothing else depends on when they leave it."""


def _of_the_last(act: Act) -> Act:
    return lambda stage, mail: act(stage, mail[::-1])


def _the_rest_comes(stage: Stage, mail: Mail) -> None:
    """The events of all other messages come, and the run goes on."""
    stage.postman = lambda event: [event] if event["eventType"] == "Send" else []
    for message in mail[1:]:
        stage.topic.publish(events.send(message))
    if not stage.settle():
        stage.troubles.append("it does not end")


def _scenes() -> Iterator[Scene]:
    for name, (what, changes) in FEEDBACK.items():
        yield Scene(f"feedback:{name}", "feedback", _publishing(what), changes, scenes.all_sent)
    for name, (act, changes) in READERS.items():
        yield Scene(f"web:{name}", "web", act, changes, scenes.all_sent)
    for name, (function, act, changes) in LATE.items():
        yield Scene(f"{function}:{name}", function, act, changes, scenes.never_known)
    for name, (function, act, changes) in EARLY.items():
        yield Scene(
            f"{function}:{name}",
            function,
            _of_the_last(act),
            changes,
            scenes.unanswered,
            _of_the_last(_the_rest_comes),
        )


SCENES: Mapping[str, Scene] = {scene.name: scene for scene in _scenes()}
ALL: Mapping[str, Play | Scene] = {**PLAYS, **SCENES}
