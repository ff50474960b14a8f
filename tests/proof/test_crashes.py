"""The short form of ``make prove``: every so manieth place to die, of every play; the long form has them all.

Which places these are moves on with every request that the product makes more or fewer.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.storage.ledger import DynamoLedger
from devstack.dynamodb_local import DynamoDbLocal
from devstack.ses_faults import Faults
from tests.proof.crashes import DEATHS, TWICE, every_incident, played, requests_of, two_incidents
from tests.proof.incidents import Incident, Kind
from tests.proof.local import played_there, sample
from tests.proof.plays import PLAYS
from tests.proof.repertoire import ALL, SCENES
from tests.proof.stage import MORTAL

PLACES = 3  # of each function and kind of incident, spread over all sends
VISITS = 61  # every so manieth incident of what comes after a send: a prime, so that each kind has its turn


def failures(names: Iterable[str]) -> dict[str, list[str]]:
    """What is wrong after these, by the name that plays it again (``python -m tests.proof NAME``)."""
    verdicts = map(played, names)
    return {verdict.name: [*verdict.happened, *verdict.findings] for verdict in verdicts if verdict.findings}


def places(function: str, kind: Kind) -> list[str]:
    """Where this happens to the function, evenly over all sends."""
    names = [
        f"{play}/{Incident(number, kind)}"
        for play in PLAYS
        for number, request in enumerate(requests_of(play))
        if request.startswith(f"{function} ")
    ]
    first = list(Kind).index(kind) * len(names) // (PLACES * len(Kind))
    return names[first :: len(names) // PLACES]


@pytest.mark.parametrize("function", MORTAL)
def test_who_dies_in_a_send_loses_nobody_and_doubles_nobody(function: str) -> None:
    """It dies before a request or after one, or its message comes a second time then; AWS and the product do the rest."""
    names = [name for kind in Kind for name in places(function, kind)]
    assert len(names) >= PLACES * len(Kind)
    assert failures(names) == {}


def test_two_deaths_are_no_worse() -> None:
    """At two places anywhere, with the queues served in any order."""
    assert failures([*two_incidents("send", DEATHS, 5), *two_incidents("cancel", TWICE, 3)]) == {}


@pytest.mark.parametrize("function", ["feedback", "web"])
def test_each_event_and_visit_changes_just_what_it_should(function: str) -> None:
    """Undisturbed; and no less and no more when its function dies over it."""
    names = [name for name, scene in SCENES.items() if scene.function == function]
    assert {name: found for name in names if (found := SCENES[name].run()[1])} == {}
    assert failures([each for name in names for each in every_incident(name)][::VISITS]) == {}


def test_a_proof_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two processes at one message the second to claim it is refused; if it went on all the same, it would be found."""
    twice = Faults(
        max_send_rate=1000, max_24_hour_send=-1
    )  # SES would not refuse the second call for its haste
    requests = PLAYS["send"].run(faults=twice)[0].plan.requests
    claim = requests.index("deliver sesv2.send_bulk_email") - 1
    assert requests[claim] == "deliver dynamodb.update_item"
    assert played(f"send/{claim}-twin", faults=twice).findings == []
    advance = DynamoLedger.advance

    def unconditionally(*given: Any, **options: Any) -> None:
        with suppress(Overtaken):
            advance(*given, **options)

    monkeypatch.setattr(DynamoLedger, "advance", unconditionally)
    found = played(f"send/{claim}-twin", faults=twice).findings
    assert [each for each in found if "messages to one address" in each]


def test_a_play_has_a_name() -> None:
    """What was played can be played again by its name, and only that."""
    assert played("web:open/0-after").happened == ["web died at request 0, after it was answered"]
    assert played("web:open/99-after").findings == ["the play has no such request"]
    with pytest.raises(KeyError):
        played("nothing/0-after")
    with pytest.raises(ValueError, match="slowly"):
        played("web:open/0-slowly")
    assert ALL.keys() == PLAYS.keys() | SCENES.keys()


def test_the_page_tells_of_every_play() -> None:
    """``docs/proof.md`` has a row for each send, and what it names can be played."""
    page = (Path(__file__).parents[2] / "docs" / "proof.md").read_text()
    assert re.findall(r"^\| `(\w+)` \| [a-z]", page, re.MULTILINE) == list(PLAYS)
    for name in re.findall(r"tests\.proof (\S+/\S+)", page):
        assert played(name).findings == []


if DynamoDbLocal.available():

    @pytest.mark.dynamodb_local
    def test_on_dynamodb_local() -> None:
        """Amazon's own code behind the table: the same."""
        [again, *_] = [name for name in sample() if name.startswith("again/")]
        [visit, *_] = [name for name in sample() if name.startswith("web:")]
        assert [verdict.findings for verdict in played_there([again, visit])] == [[], []]
