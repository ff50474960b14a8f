"""One of a message's texts, compiled: what SES gets once, and how each reader's values are found."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Template

from chalicelib.rendering.engine import line_of, render_error
from chalicelib.rendering.printing import SEPARATOR, ReaderContext, printed, special
from chalicelib.rendering.sandbox import sandbox
from chalicelib.rendering.scope import PRINTED_BY_KIND, Scope, as_html
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.splitting import Blank, Code, Lookup, Segment, Static
from chalicelib.rendering.values import RecordView

BODY_END = re.compile("</body", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Late:
    """What is added only when it is known what the reader got: a footer where no opt-out was printed, then ``after``.

    ``inside``: the end of the body is itself personal, so this goes in front of it there.
    """

    footer: tuple[Segment, ...]
    after: tuple[Segment, ...]
    inside: bool


PartSegment = Segment | Blank | Late


@dataclass(frozen=True)
class Part:
    """One text; ``slots`` are its personal segments in order, each once, by SES's name."""

    kind: Kind
    field: str
    segments: tuple[PartSegment, ...]
    template: Template | None
    slots: Mapping[PartSegment, str]

    @classmethod
    def of(cls, kind: Kind, field: str, segments: Sequence[PartSegment], template: Template | None) -> "Part":
        """Name the slots."""
        personal: dict[PartSegment, None] = dict.fromkeys(
            item for item in segments if not isinstance(item, Static)
        )
        slots = {segment: f"{kind.value}{number}" for number, segment in enumerate(personal)}
        return cls(kind, field, tuple(segments), template, slots)

    def fill(self, scope: Scope, data: dict[str, str]) -> None:
        """Add this reader's values to ``data``.

        Raises:
            RenderError: The template fails on this reader's data, or exceeds a limit.
        """
        scope.kind = self.kind
        line = None
        try:
            pieces = self._run(scope) if self.template is not None else ()
            for segment, name in self.slots.items():
                if type(segment) is Lookup:
                    line = segment.line
                    text = scope.printed.get(segment.key)
                    data[name] = looked_up(scope, segment) if text is None else text
                elif type(segment) is Code:
                    data[name] = pieces[segment.index]
                elif type(segment) is Late:
                    data[name] = self._late(scope, segment, data)
        except Exception as error:  # whatever a template can do: one reader's failure, told by its line
            raise render_error(self.field, line or line_of(self.template, error), error) from error

    def _run(self, scope: Scope) -> Sequence[str]:
        template = self.template
        assert template is not None  # noqa: S101  # fill asked
        context = ReaderContext(template.environment, dict(template.globals), None, template.blocks)
        context.scope = scope
        return "".join(template.root_render_func(context)).split(SEPARATOR)

    def _late(self, scope: Scope, late: Late, data: dict[str, str]) -> str:
        url = str(scope.find("optOutUrl"))
        shown = as_html(url) if self.kind is Kind.HTML else url
        has_opt_out = any(shown in data.get(name, "") for name in self.slots.values())
        added = joined(scope, () if has_opt_out else late.footer) + joined(scope, late.after)
        for name in reversed(tuple(self.slots.values())) if late.inside else ():
            ends = list(BODY_END.finditer(data.get(name, "")))
            if ends:
                value, end = data[name], ends[-1].start()
                data[name] = value[:end] + added + value[end:]
                return ""
        return added


def looked_up(scope: Scope, lookup: Lookup) -> str:
    """The printed value of a name; kept for the other texts when it is the same in all of them."""
    value = scope.find(lookup.root)
    if lookup.link is not None:
        value = value(lookup.link)
    for name in lookup.rest:
        value = value.field(name) if type(value) is RecordView else sandbox(scope.kind).getattr(value, name)
    if type(value) is str and not special(value):  # as in ``printed``: most values
        scope.budget.spend(len(value))
        text = value
    else:
        text = printed(scope, value)
        if special(text):
            return as_html(text) if scope.kind is Kind.HTML else str(text)
    if scope.kind is not Kind.SUBJECT and lookup.root not in PRINTED_BY_KIND:
        scope.printed[lookup.key] = text  # a subject's line breaks are gone already, other texts keep theirs
    return str(text)


def joined(scope: Scope, segments: Sequence[Segment]) -> str:
    """Segments without code, as one text."""
    return "".join(
        item.text if isinstance(item, Static) else looked_up(scope, item)
        for item in segments
        if not isinstance(item, Code)
    )
