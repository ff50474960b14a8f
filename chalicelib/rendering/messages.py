"""The renderer: turns what a mass email says into what SES is sent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.message import CompiledMessage, Link, MessageSource
from chalicelib.domain.public_tokens import KeyRing
from chalicelib.domain.records import TrackLinks, UrlAction
from chalicelib.errors import FieldError, Invalid
from chalicelib.rendering.assembly import assemble, texts_of
from chalicelib.rendering.checks import problems
from chalicelib.rendering.engine import pieces_of
from chalicelib.rendering.limits import MAX_LINKS, size_problems
from chalicelib.rendering.links import constant_links
from chalicelib.rendering.printing import NO_HEADER
from chalicelib.rendering.rehearsal import rehearse
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.source import write
from chalicelib.rendering.tracking import ids_in


@dataclass(frozen=True)
class MessageRenderer:
    """Implements ``Renderer``; the key ring is asked for at each rendering, so that keys can rotate."""

    ring: Callable[[], KeyRing]

    def links_of(
        self, source: MessageSource, known: Sequence[Link], tracking_urls: Mapping[str, Link]
    ) -> Sequence[Link]:
        """The table of links: ``known``, then what this source uses and is not in it yet.

        Raises:
            Invalid: It cannot be read, or holds more links than a token can tell apart.
        """
        table = list(known)
        present = set(table)
        for link in _links_used(source, tracking_urls):
            if link not in present:
                table.append(link)
                present.add(link)
        if len(table) > MAX_LINKS:
            raise Invalid.of("body", f"exceeds the limit of {MAX_LINKS:,} tracked links")
        return tuple(table)

    def compile(self, source: MessageSource) -> CompiledMessage:
        """Compile the source.

        Raises:
            Invalid: It does not compile; names the field and the line.
        """
        _check_readable(source.subject, source.body, source.body_plain, is_html=source.is_html)
        return assemble(source, self.ring)

    def check(self, subject: str, body: str, body_plain: str | None, *, is_html: bool) -> None:
        """Refuse on save what can be seen to be wrong, in the text or in a rehearsal on made-up readers.

        Raises:
            Invalid: Names the field and the line.
        """
        _check_readable(subject, body, body_plain, is_html=is_html)
        rehearse(subject, body, body_plain, is_html=is_html)

    def tracking_url_ids(self, body: str, body_plain: str | None) -> frozenset[str]:
        """The ids that the text names as ``{trackingUrl:ID}``.

        Raises:
            Invalid: It cannot be read.
        """
        return frozenset(ids_in("body", body)) | frozenset(ids_in("bodyPlain", body_plain or ""))


def _links_used(source: MessageSource, tracking_urls: Mapping[str, Link]) -> Iterator[Link]:
    for field, text in (("body", source.body), ("bodyPlain", source.body_plain or "")):
        for used in ids_in(field, text):
            if used in tracking_urls:
                yield tracking_urls[used]
    if source.is_html and source.is_tracked and source.track_links is TrackLinks.ALL:
        for href in constant_links(pieces_of(Kind.HTML, "body", source.body), source.base_url):
            yield Link(UrlAction.REDIRECT, href.url)


def _check_readable(subject: str, body: str, body_plain: str | None, *, is_html: bool) -> None:
    found: list[FieldError] = [*size_problems(subject, body, body_plain)]
    if NO_HEADER.search(subject):
        found.append(FieldError("subject", "holds a line break or another control character"))
    if not found:
        for kind, field, text in texts_of(subject, body, body_plain, is_html=is_html):
            found.extend(problems(kind, field, write(pieces_of(kind, field, text))))
    if found:
        raise Invalid(*found)
