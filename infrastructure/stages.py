"""The stages of ``.chalice/config.json``: their names, what differs between them, whether their data is kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / ".chalice" / "config.json"


class UnknownStage(LookupError):
    """A stage that ``.chalice/config.json`` does not have; Chalice would silently take its defaults."""


@dataclass(frozen=True)
class Stage:
    """One stage; ``parameters`` are the template's, as text."""

    name: str
    parameters: Mapping[str, str]
    keep_data: bool

    @property
    def stack(self) -> str:
        """The name of its CloudFormation stack."""
        return f"envoi-{self.name}"

    @property
    def user_pool_arn(self) -> str:
        """The Cognito user pool that knows its callers; empty where tokens do."""
        return self.parameters.get("CognitoUserPoolArn", "")


def read_stage(name: str, config: Path = CONFIG) -> Stage:
    """Read a stage.

    Raises:
        UnknownStage: There is none of that name.
        ValueError: Its ``ENVOI_STAGE`` is not its name: Chalice wires queues and topic by it.
    """
    stages: Mapping[str, Any] = json.loads(config.read_text())["stages"]
    if name not in stages:
        raise UnknownStage(f"{config.name} has no stage {name!r}, but {', '.join(sorted(stages))}")
    stage = stages[name]
    if stage.get("environment_variables", {}).get("ENVOI_STAGE") != name:
        raise ValueError(f"the stage {name!r} needs ENVOI_STAGE={name!r} among its environment_variables")
    return Stage(name, stage.get("parameters", {}), keep_data=stage.get("keep_data", True))
