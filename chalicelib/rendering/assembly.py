"""Puts a compiled message together: template, then links, then the mandatory footer, then the open pixel."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from jinja2 import nodes

from chalicelib.domain.message import MessageSource, Reader
from chalicelib.domain.public_tokens import KeyRing
from chalicelib.domain.records import TargetType, TrackLinks
from chalicelib.domain.sending import SesTemplate
from chalicelib.errors import FieldError, Invalid
from chalicelib.rendering.compiled import Compiled
from chalicelib.rendering.endings import OPT_OUT_NAMES, footer, opt_out_label, pixel, with_endings
from chalicelib.rendering.engine import compile_nodes, parse, pieces_of
from chalicelib.rendering.fields import fields_read
from chalicelib.rendering.headers import common_headers
from chalicelib.rendering.links import tracked
from chalicelib.rendering.mailboxes import mailbox
from chalicelib.rendering.part import Part, looked_up
from chalicelib.rendering.paths import Path, paths_in
from chalicelib.rendering.plain_text import text_source
from chalicelib.rendering.scope import NAMES, Scope
from chalicelib.rendering.ses_template import Braces, ses_text
from chalicelib.rendering.shared import Kind, Shared
from chalicelib.rendering.source import Piece, write
from chalicelib.rendering.splitting import Lookup, Segment, Static, joined_statics, split

_NOBODY = Reader(TargetType.CONTACT, {}, None, "", None)
_NO_KEYS = KeyRing({}, 0, b"")


def texts_of(
    subject: str, body: str, body_plain: str | None, *, is_html: bool
) -> Iterator[tuple[Kind, str, str]]:
    """The texts an author wrote, each with its kind and field; a plain template's body is its text (row 44)."""
    yield Kind.SUBJECT, "subject", subject
    if is_html:
        yield Kind.HTML, "body", body
    if not is_html and body:
        yield Kind.TEXT, "body", body
    elif body_plain:
        yield Kind.TEXT, "bodyPlain", body_plain


def assemble(source: MessageSource, ring: Callable[[], KeyRing]) -> Compiled:
    """Compile every text.

    Raises:
        Invalid: One of them does not compile, or names a tracking URL that is not in the table of links.
    """
    shared = Shared.of(source, opt_out_label(source.language))
    maker = Scope(shared, shared.constants, _NOBODY, datetime.min.replace(tzinfo=UTC), _NO_KEYS)
    parsed = [(kind, field, parse(kind, field, text)) for kind, field, text in _sources(source)]
    paths = [path for _, _, template in parsed for path in paths_in(template)]
    _check_links(shared, parsed)
    parts = [_part(maker, *item) for item in parsed]
    braces = Braces()
    texts = {part.kind: ses_text(part, braces) for part in parts}
    return Compiled(
        shared=shared,
        constants=shared.constants,
        parts=tuple(parts),
        template=SesTemplate(texts[Kind.SUBJECT], texts[Kind.TEXT], texts.get(Kind.HTML)),
        default_data=braces.data,
        from_header=mailbox(source.from_address, source.from_name),
        reply_to=(mailbox(source.reply_to_address, source.reply_to_name),) if source.reply_to_address else (),
        headers=common_headers(source),
        always_empty=tuple(maker.empty),
        fields=fields_read(paths),
        ring=ring,
    )


def _sources(source: MessageSource) -> Iterator[tuple[Kind, str, str]]:
    """Jinja2 source of the three texts; the text part is made from the HTML unless it is given."""
    has_text = False
    made = ""
    for kind, field, text in texts_of(source.subject, source.body, source.body_plain, is_html=source.is_html):
        pieces = pieces_of(kind, field, text)
        if kind is Kind.HTML:
            pieces = _linked(source, pieces)
            made = text_source(pieces) if not source.body_plain else ""
        has_text = has_text or kind is Kind.TEXT
        yield kind, field, write(pieces)
    if not has_text:
        yield Kind.TEXT, "body (as text)", made


def _linked(source: MessageSource, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    if not source.is_tracked or source.track_links is not TrackLinks.ALL:
        return tuple(pieces)
    indexes = {link.url: index for index, link in enumerate(source.links) if link.tracking_url_id is None}
    return tracked(pieces, source.base_url, indexes.get)


def _part(maker: Scope, kind: Kind, field: str, template: nodes.Template) -> Part:
    roots = {path.root for path in paths_in(template)}
    shared = maker.shared
    cut = split(template, NAMES.keys() | shared.constants.keys())
    segments = with_endings(
        tuple(joined_statics(_folded(maker, kind, cut.segments))),
        footer(kind, shared.source),
        pixel(kind, shared.source),
        kind=kind,
        may_show_opt_out=bool(roots & OPT_OUT_NAMES),
    )
    code = compile_nodes(kind, field, cut.code) if cut.code is not None else None
    return Part.of(kind, field, segments, code)


def _folded(maker: Scope, kind: Kind, segments: Sequence[Segment]) -> Iterator[Segment]:
    """What is the same for every reader is printed once, here."""
    maker.kind = kind
    constants = maker.shared.constants
    for segment in segments:
        if isinstance(segment, Lookup) and segment.names[0] in constants:
            yield Static(looked_up(maker, segment))
        else:
            yield segment


def _check_links(shared: Shared, parsed: Sequence[tuple[Kind, str, nodes.Template]]) -> None:
    missing = [
        FieldError(field, f"line {path.line}: there is no tracking URL {path.link!r}")
        for _, field, template in parsed
        for path in paths_in(template)
        if _is_unknown(shared, path)
    ]
    if missing:
        raise Invalid(*missing)


def _is_unknown(shared: Shared, path: Path) -> bool:
    return isinstance(path.link, str) and path.link not in shared.explicit
