"""How a printed value enters each of the three texts: the one door through which a reader's data comes in."""

import re
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from chalicelib.rendering.scope import Scope
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.values import Empty

# Stands between personal parts while they are cut. It is taken out of every value, and U+0000 has no place in HTML
# (https://html.spec.whatwg.org/multipage/parsing.html#parse-error-unexpected-null-character) or in a mail's text.
SEPARATOR = "\x00"

# What may not stand in a header: control characters and every line break that Unicode knows (UAX 14).
NO_HEADER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# A text without these is written alike in HTML, in text and in a subject.
special = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029&<>\"']").search
_LINE_BREAK = re.compile("\r\n|\r|\n")


def printed(scope: Scope, value: Any) -> str:
    """The value as it stands in the text of the scope's kind; Markup when it is HTML already.

    Raises:
        SecurityError: It is no value but a piece of the template engine.
        LimitExceeded: It is larger than the work that is left.
    """
    if type(value) is str and not special(value):  # most values: written alike everywhere
        scope.budget.spend(len(value))
        return value
    if isinstance(value, str):
        text = value
        scope.budget.spend(len(text))
    elif isinstance(value, Empty):
        scope.note(value)
        return ""
    else:
        scope.budget.charge(value)
        text = scope.shared.formatting.text(value)
    if SEPARATOR in text:
        text = text.replace(SEPARATOR, "")
    if scope.kind is Kind.SUBJECT:
        return NO_HEADER.sub(" ", text)
    if scope.kind is Kind.HTML and ("\n" in text or "\r" in text) and not isinstance(text, Markup):
        return Markup("<br>\n").join(escape(line) for line in _LINE_BREAK.split(text))
    return text


class ReaderContext(Context):
    """Jinja2's context over a scope: names are found when they are needed."""

    scope: Scope

    def resolve_or_missing(self, key: str) -> Any:
        """The value of a name, Jinja2's ``missing`` when there is none."""
        if key in self.vars:
            return self.vars[key]
        if key in self.parent:
            return self.parent[key]
        return self.scope.find(key)


@pass_context
def finalize(context: ReaderContext, value: Any) -> str:
    """Jinja2's hook for every printed expression."""
    scope = context.scope
    if type(value) is str and not special(value):  # as in ``printed``, without another call
        scope.budget.spend(len(value))
        return value
    return printed(scope, value)
