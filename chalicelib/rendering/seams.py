"""Where the footer follows the author's text: one blank line between them, whatever the text's last conditions printed.

The blank lines around a condition at the end are the same for every reader, and so belong to what SES gets once; but
who is shown nothing between them would see them add up. So the blank end of a text becomes slots of its own.
"""

from collections.abc import Sequence

from chalicelib.rendering.part import Late, Part
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.splitting import Blank, Code, Segment, Static


def loosened(segments: Sequence[Segment]) -> tuple[Segment | Blank, ...]:
    """The same segments, with the blanks behind the last words that everybody gets made slots."""
    made: list[Segment | Blank] = []
    for place in range(len(segments) - 1, -1, -1):
        segment = segments[place]
        if not isinstance(segment, Static):
            made.append(segment)
            continue
        words = segment.text.rstrip()
        if len(words) < len(segment.text):
            made.append(Blank(segment.text[len(words) :], place))
        if words:
            made += [Static(words), *reversed(segments[:place])]
            break
    return tuple(reversed(made))


def close(part: Part, data: dict[str, str]) -> None:
    """Fill the blanks of a text whose other slots are filled: where a footer follows, what stands before it ends in words."""
    if part.kind is not Kind.TEXT or not part.segments or not isinstance(part.segments[-1], Late):
        return
    *before, late = part.segments
    is_open = bool(data[part.slots[late]])
    for segment in reversed(before):
        if isinstance(segment, Static):
            return
        slot = part.slots[segment]
        if isinstance(segment, Blank):
            data[slot] = "" if is_open else segment.text
        elif is_open:
            words = data[slot].rstrip()
            is_open = not words
            data[slot] = words if isinstance(segment, Code) else data[slot]
