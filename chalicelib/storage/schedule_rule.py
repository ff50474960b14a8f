"""The EventBridge rule that calls ``release``: its expression follows the setting."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Deferred


@dataclass(frozen=True)
class RuleState:
    """What stands in EventBridge; a disabled rule never fires."""

    expression: str
    enabled: bool


class ScheduleRule:
    """One rule, by the name that it has in this stage."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def state(self) -> RuleState:
        """Ask EventBridge.

        Raises:
            Deferred: It did not answer, or has no such rule.
        """
        rule = self._described()
        return RuleState(rule.get("ScheduleExpression", ""), rule.get("State") != "DISABLED")

    def put(self, expression: str) -> None:
        """Change the expression alone.

        Raises:
            Deferred: EventBridge did not take it; ``sweep`` tries again, for the setting is the truth.
        """
        rule = self._described()
        # PutRule replaces the whole rule: what is left out is lost. Targets stay.
        # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
        kept = {name: rule[name] for name in ("Description", "RoleArn", "State") if rule.get(name)}
        try:
            self._client.put_rule(Name=self._name, ScheduleExpression=expression, **kept)
        except (ClientError, BotoCoreError) as error:
            raise Deferred("EventBridge did not take the schedule") from error

    def _described(self) -> dict[str, Any]:
        try:
            rule: dict[str, Any] = self._client.describe_rule(Name=self._name)
        except (ClientError, BotoCoreError) as error:
            raise Deferred("EventBridge did not answer about the schedule") from error
        return rule
