"""The named limits of a message: what SES and DynamoDB allow, and how much work a template may make of itself."""

from chalicelib.errors import FieldError, Invalid

MAX_BODY_BYTES = 256 * 1024  # UTF-8; with bodyPlain it stays under DynamoDB's 400 KB an item
MAX_PLAIN_BYTES = 96 * 1024  # UTF-8
MAX_SUBJECT_CHARACTERS = 998  # RFC 5322 section 2.1.1: the longest line there may be
MAX_CONSTRUCTS = 2_000  # placeholders and Jinja2 tags in one text; compiling them takes about a second
MAX_DEPTH = 100  # levels of nesting; Python's own stack ends at about ten times as many calls
MAX_LINKS = 1 << 16  # a token holds the link in two bytes

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ReplacementTemplate.html, as serialised JSON
MAX_DATA_CHARACTERS = 262_144

RENDER_WORK = (
    2_000_000  # units: about one per character or element touched, see budget.py; well under a second
)
OPERATION_COST = 5  # units for an operation, whatever it touches
LOOP_COST = 50  # units for one turn of a loop or one call of a macro
MAX_RANGE = 10_000  # numbers in one range()
MAX_ARGUMENT = 10_000  # the largest number a filter or a width takes
MAX_INTEGER_BITS = 4_096


class LimitExceeded(Exception):
    """A template wants more than a named limit allows; the message names the limit, never the data."""

    def __init__(self, limit: str, allowed: int, unit: str) -> None:
        super().__init__(f"exceeds the limit {limit} of {allowed:,} {unit}")


def size_problems(subject: str, body: str, body_plain: str | None) -> tuple[FieldError, ...]:
    """What is too long to be stored and sent, by field.

    Raises:
        Invalid: A text holds half of a surrogate pair.
    """
    found = []
    if len(subject) > MAX_SUBJECT_CHARACTERS:
        found.append(
            FieldError("subject", f"exceeds the limit MAX_SUBJECT of {MAX_SUBJECT_CHARACTERS} characters")
        )
    bytes_of("subject", subject)
    for field, text, name, most in (
        ("body", body, "MAX_BODY", MAX_BODY_BYTES),
        ("bodyPlain", body_plain or "", "MAX_PLAIN", MAX_PLAIN_BYTES),
    ):
        if bytes_of(field, text) > most:
            found.append(FieldError(field, f"exceeds the limit {name} of {most // 1024} KiB in UTF-8"))
    return tuple(found)


def bytes_of(field: str, text: str) -> int:
    """How long the text is in UTF-8.

    Raises:
        Invalid: It holds half of a surrogate pair, which no encoding can carry.
    """
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise Invalid.of(field, "holds a character that is none (half of a surrogate pair)") from error
