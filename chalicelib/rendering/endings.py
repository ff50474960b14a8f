"""What Envoi adds to a message: the mandatory opt-out, then the open pixel (``templates/message/``)."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from chalicelib.domain.message import MessageSource
from chalicelib.rendering.part import BODY_END, Late, PartSegment
from chalicelib.rendering.printing import SEPARATOR
from chalicelib.rendering.seams import loosened
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.splitting import Lookup, Segment, Static

if TYPE_CHECKING:
    from jinja2 import Environment

# In the repository beside chalicelib/; in Lambda vendor/'s content lies beside app.py, which is the same place.
_TEMPLATES = FilePath(__file__).resolve().parents[2] / "templates"
OPT_OUT_NAMES = frozenset({"optOutUrl", "optOutLink"})


def opt_out_label(language: str) -> str:
    """The text of the opt-out link in the organisation's language."""
    return _ours().get_template("message/opt_out_label.j2").render(language=language).strip()


def footer(kind: Kind, source: MessageSource) -> tuple[Segment, ...]:
    """The mandatory opt-out for this kind of text; nothing when switched off or informational (rows 52, 53)."""
    if kind is Kind.SUBJECT or not source.mandatory_opt_out or source.is_informational:
        return ()
    name = "message/opt_out.html.j2" if kind is Kind.HTML else "message/opt_out.txt.j2"
    return _cut(name, source, "optOutUrl")


def pixel(kind: Kind, source: MessageSource) -> tuple[Segment, ...]:
    """The open pixel: in HTML, tracked, and switched on (row 61)."""
    if kind is not Kind.HTML or not source.open_tracking or not source.is_tracked:
        return ()
    return _cut("message/open_pixel.html.j2", source, "openPixelUrl")


def with_endings(
    segments: Sequence[Segment],
    footer: tuple[Segment, ...],
    after: tuple[Segment, ...],
    *,
    kind: Kind,
    may_show_opt_out: bool,
) -> tuple[PartSegment, ...]:
    """Put both in front of ``</body>``, else at the end.

    ``may_show_opt_out``: code among the segments reads the opt-out, so only the result tells whether it is there.
    """
    if any(isinstance(item, Lookup) and item.names[0] in OPT_OUT_NAMES for item in segments):
        footer, may_show_opt_out = (), False
    if not footer and not after:
        return tuple(segments)
    if kind is Kind.TEXT:
        return _text_with_footer(segments, footer, may_show_opt_out=may_show_opt_out)
    place = _body_end(segments)
    is_personal_end = place is None and bool(after or footer) and any(_is_code(item) for item in segments)
    added: tuple[PartSegment, ...] = (*footer, *after)
    if may_show_opt_out or is_personal_end:
        added = (Late(footer, after, inside=place is None),)
    if place is None:
        return (*segments, *added)
    index, position = place
    held = segments[index]
    assert isinstance(held, Static)  # noqa: S101  # _body_end looks at no others
    before, end = Static(held.text[:position]), Static(held.text[position:])
    return (*segments[:index], before, *added, end, *segments[index + 1 :])


def _text_with_footer(
    segments: Sequence[Segment], footer: tuple[Segment, ...], *, may_show_opt_out: bool
) -> tuple[PartSegment, ...]:
    """The footer is the same for everybody where the text ends in the same words for everybody and has no opt-out."""
    last = segments[-1] if segments else Static("")
    words = last.text.rstrip() if isinstance(last, Static) else ""
    if words and not may_show_opt_out:
        return (*segments[:-1], Static(words), *footer)
    return (*loosened(segments), Late(footer, (), inside=False))


def _body_end(segments: Sequence[Segment]) -> tuple[int, int] | None:
    """Which segment holds the last ``</body>``, and where."""
    for index in range(len(segments) - 1, -1, -1):
        item = segments[index]
        ends = list(BODY_END.finditer(item.text)) if isinstance(item, Static) else []
        if ends:
            return index, ends[-1].start()
    return None


def _is_code(item: Segment) -> bool:
    return not isinstance(item, Static | Lookup)


def _cut(name: str, source: MessageSource, url: str) -> tuple[Segment, ...]:
    text = (
        _ours()
        .get_template(name)
        .render(
            label=opt_out_label(source.language),
            language=source.language,
            postal_address=source.sender_postal_address or "",
            url=SEPARATOR,
        )
    )
    found: list[Segment] = []
    for number, static in enumerate(text.split(SEPARATOR)):
        if number:
            found.append(Lookup((url,)))
        if static:
            found.append(Static(static))
    return tuple(found)


@cache
def _ours() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  # only where mail is made

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=lambda name: name is not None and ".html." in name,  # noqa: S701  # a text footer is no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
