"""Which tracking URLs a text names."""

from collections.abc import Iterator

from chalicelib.rendering.engine import parse, pieces_of
from chalicelib.rendering.paths import paths_in
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.source import write


def ids_in(field: str, text: str) -> Iterator[str]:
    """The ids of ``{trackingUrl:ID}`` and of ``{{ trackingUrl("ID") }}``, in order.

    Raises:
        Invalid: The text cannot be read.
    """
    template = parse(Kind.TEXT, field, write(pieces_of(Kind.TEXT, field, text)))
    for path in paths_in(template):
        if path.root == "trackingUrl" and isinstance(path.link, str):
            yield path.link
