"""Writes a part as SES's inline template, and puts template and values together as SES does.

SES replaces ``{{name}}`` by the value, does not escape HTML, and reads nothing else in an inline template
(https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-api.html,
https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html).
"""

import re
from collections.abc import Mapping

from chalicelib.rendering.part import Part
from chalicelib.rendering.splitting import Static

_BRACES = re.compile(r"[\\{}]+")
_SLOT = re.compile(r"\{\{([A-Za-z0-9_-]+)\}\}")


class Braces:
    """Runs of braces that SES would misread, each under a name of its own in the default data."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    @property
    def data(self) -> Mapping[str, str]:
        """What stands behind the names."""
        return {name: run for run, name in self.names.items()}

    def guarded(self, text: str) -> str:
        """The text with every run replaced that holds ``{{`` or would touch a neighbouring slot.

        A backslash counts with the braces: in Handlebars, which SES's templates come from, it takes the meaning
        off the braces behind it.
        """

        def guard(run: re.Match[str]) -> str:
            at_edge = run.start() == 0 or run.end() == len(text)
            if not at_edge and "{{" not in run[0]:
                return run[0]
            return f"{{{{{self.names.setdefault(run[0], f'b{len(self.names)}')}}}}}"

        return _BRACES.sub(guard, text)


def ses_text(part: Part, braces: Braces) -> str:
    """The part as SES takes it."""
    return "".join(
        braces.guarded(item.text) if isinstance(item, Static) else f"{{{{{part.slots[item]}}}}}"
        for item in part.segments
    )


def substituted(template: str, data: Mapping[str, str]) -> str:
    """The template with its values, in one pass from left to right: what a value holds is not read again."""
    return _SLOT.sub(lambda slot: data[slot[1]], template)
