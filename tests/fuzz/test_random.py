"""Every operation with random values, right and wrong: as many as ``FUZZ_EXAMPLES`` says, from the seed ``FUZZ_SEED``.

``.ci/run`` takes a few from a fixed seed, ``make fuzz`` many from a new one, which it prints.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from tests.fuzz.aiming import aim, without_conditions
from tests.fuzz.judging import EXAMPLES, OPERATIONS, ask, can_be_wrong
from tests.fuzz.stage import FuzzStage

SEED = int(os.environ.get("FUZZ_SEED", "20260302"))
WAYS = [
    (label, mode)
    for label, operation in OPERATIONS.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or can_be_wrong(operation)
]


@pytest.mark.timeout(60 + EXAMPLES)
@pytest.mark.parametrize(("label", "mode"), WAYS)
def test_random(populated: FuzzStage, label: str, mode: GenerationMode) -> None:
    """Whatever it is, the answer is one that the document promises."""
    operation = OPERATIONS[label]

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # schemathesis names the culprit; shrinking would take minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode), data=st.data())
    def holds(case: Case[Any], data: st.DataObject) -> None:
        if data.draw(st.booleans(), "aimed"):
            aim(case, populated.known, lambda choices: data.draw(st.integers(0, choices - 1), "which"))
        if data.draw(st.booleans(), "without conditions"):
            without_conditions(case)
        ask(case, populated, hour_passes=True)

    populated.restore()
    holds()
