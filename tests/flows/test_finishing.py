"""Closing plans: whose answer comes last, finishes the mass email."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.errors import Deferred
from tests.flows.stage import Stage


def test_others_who_keep_writing_the_run_defer_the_close() -> None:
    """The jobs queue brings it again: the plan stays open, and nothing says that it is closed."""
    stage = Stage()
    mass_email = stage.to_people(3)
    stage.release.run()
    while message := stage.queues.next_chunk():
        stage.deliver.handle(message)

    class Runs:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.runs, name)

        def save(self, run: Any) -> None:
            raise Overtaken

    (plan,) = stage.run_of(mass_email).open_plans
    with pytest.raises(Deferred):
        replace(stage.finishing, runs=Runs()).close_plan(mass_email.id, plan)
    assert stage.run_of(mass_email).open_plans == (plan,)
    assert stage.finishing.close_plan(mass_email.id, plan)
    assert stage.run_of(mass_email).open_plans == ()
