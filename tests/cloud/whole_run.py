"""At the end of a test run: did each function take only what its policy allows, and does the policy allow no more?

The first is asked of every run, the second of a run of all tests. Workers of pytest-xdist hand what they saw to the process
that started them. The hooks are called from ``tests/conftest.py``.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.actions import Use, used
from tests.cloud.policies import LAMBDAS_OWN, allowed

KEY = "envoi_actions"
_faults = pytest.StashKey[list[str]]()


def finish(session: pytest.Session) -> None:
    """Compare, or hand over what this worker saw; a difference fails the run."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[KEY] = [list(use) for use in sorted(used)]  # execnet carries plain types alone
        return
    if not used:
        return
    faults = list(differences(used, allowed(), exactly=_is_whole(session)))
    session.config.stash[_faults] = faults
    if faults and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def collect(node: Any) -> None:
    """Take what a worker saw; one that crashed has nothing to hand over."""
    used.update(Use(*each) for each in getattr(node, "workeroutput", {}).get(KEY, ()))


def tell(terminal: pytest.TerminalReporter) -> None:
    """Say what differs."""
    faults = terminal.config.stash.get(_faults, [])
    if faults:
        terminal.section("policies in .chalice/template/roles", sep="=", red=True)
        terminal.write("\n".join([*faults, ""]))


def differences(taken: set[Use], policies: set[Use], *, exactly: bool) -> Iterator[str]:
    """What is wrong, a line each; ``exactly`` also looks for what is allowed and was never taken."""
    for use in sorted(taken - policies):
        yield f"{use.function} took {use.action} on {use.resource}, which its policy does not allow"
    if exactly:
        for use in sorted(policies - taken - LAMBDAS_OWN.keys()):
            yield f"{use.function} may {use.action} on {use.resource}, and never did"


def _is_whole(session: pytest.Session) -> bool:
    """All tests, and they passed: a test that failed may not have come to what it would do."""
    config = session.config
    narrowing = ("keyword", "markexpr", "deselect", "lf", "ignore", "ignore_glob")
    chosen = any(
        getattr(config.option, name, None) for name in narrowing
    )  # plugins that are off have no options
    of_all = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return of_all and not chosen and not session.testsfailed and not session.shouldstop
