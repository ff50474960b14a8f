"""SES's inline templates: simple substitution, and the ways in which it fails.

"Amazon SES supports only simple substitutions when you … provide the full template content in the request"
(https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Template.html). The syntax is Handlebars': a triple brace
stands for one value too, and a backslash before the braces makes them text (https://handlebarsjs.com/guide/expressions.html).
Values are not escaped (https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html) and never
looked into: braces in them stay.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_TAG = re.compile(r"(\\*)(?:\{\{\{\s*([^{}]*?)\s*\}\}\}|\{\{\s*([^{}]*?)\s*\}\})")


class RenderingFailed(Exception):
    """The message was accepted, but cannot be put together; the text is the event's ``errorMessage``."""


@dataclass(frozen=True)
class Template:
    """A compiled text: literals and names in turn, beginning and ending with a literal."""

    parts: tuple[str, ...]
    broken: str | None = None

    def check(self, data: Mapping[str, object]) -> None:
        """See that it can be rendered, without rendering it.

        Raises:
            RenderingFailed: A name has no value, or the text is not well formed.
        """
        if self.broken:
            raise RenderingFailed(self.broken)
        for name in self.parts[1::2]:
            if name not in data:
                raise RenderingFailed(f"Attribute '{name}' is not present in the rendering data.")

    def render(self, data: Mapping[str, object]) -> str:
        """The text with its values.

        Raises:
            RenderingFailed: As ``check``.
        """
        self.check(data)
        filled = list(self.parts)
        filled[1::2] = [_text(data[name]) for name in self.parts[1::2]]
        return "".join(filled)


def literal(text: str) -> Template:
    """A text in which braces mean nothing (``Simple`` content)."""
    return Template((text,))


@lru_cache(maxsize=64)
def compiled(text: str) -> Template:
    """Read a template; helpers, partials and comments are names like any other, and no data has them."""
    parts, rest = [""], 0
    for tag in _TAG.finditer(text):
        parts[-1] += text[rest : tag.start()]
        slashes, rest = tag.group(1), tag.end()
        if parts[-1].endswith("{") and not slashes:
            return Template((), "Template is not well formed: three opening braces need three closing ones.")
        if len(slashes) == 1:
            parts[-1] += tag.group(0)[1:]
            continue
        parts[-1] += slashes[:-1]
        parts += [tag.group(2) or tag.group(3) or "", ""]
    tail = text[rest:]
    parts[-1] += tail
    if "{{" in tail:
        return Template((), "Template is not well formed: an opening brace is never closed.")
    return Template(tuple(parts))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
