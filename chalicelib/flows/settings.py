"""Read and change the settings; the schedule's rule follows them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from chalicelib import logs
from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.ports import SettingsStore
from chalicelib.domain.schedule import schedule_problem
from chalicelib.errors import Deferred, Invalid


class FreshSettings(SettingsStore, Protocol):
    """The stored settings, for whoever is about to change them."""

    def fresh(self) -> OrgSettings:
        """As stored now."""
        ...


class Rule(Protocol):
    """The rule that calls ``release``."""

    def put(self, expression: str) -> None:
        """Change its expression.

        Raises:
            Deferred: Not now.
        """
        ...


@dataclass(frozen=True)
class Settings:
    """The administrator's settings."""

    store: FreshSettings
    rule: Rule
    clock: Clock

    def read(self) -> OrgSettings:
        """As stored now."""
        return self.store.fresh()

    def change(self, changes: Mapping[str, Any], *, if_match: IfMatch = ANY_VERSION) -> OrgSettings:
        """Store the changes (by snake_case name); a new schedule goes to EventBridge too.

        The setting is the truth: if EventBridge does not take it now, ``sweep`` mends the rule.

        Raises:
            Invalid: The schedule does not fire within 31 days.
            PreconditionFailed: It is not the version that the caller means, or somebody was faster.
        """
        before = self.store.fresh()
        if_match.check(before.rev)
        after = replace(before, **changes)
        if after == before:
            return before
        now = self.clock.now()
        if after.send_schedule != before.send_schedule:
            problem = schedule_problem(after.send_schedule, now)
            if problem is not None:
                raise Invalid.of("sendSchedule", problem)
        stored = self.store.replace(replace(after, modified_at=now), expected_rev=before.rev)
        if after.send_schedule != before.send_schedule:
            self._follow(after.send_schedule)
        return stored

    def _follow(self, expression: str) -> None:
        try:
            self.rule.put(expression)
        except Deferred as error:
            logs.trouble("scheduleRuleNotPut", error.__cause__ or error)
