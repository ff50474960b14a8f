"""A rehearsal on made-up readers: what a template does to the limits and to the sandbox shows when it is run."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from jinja2.exceptions import SecurityError

from chalicelib.domain.message import CompiledMessage, Link, MessageSource, Reader, RenderError
from chalicelib.domain.public_tokens import KeyRing
from chalicelib.domain.records import CampaignType, TargetType, TrackLinks, UrlAction
from chalicelib.errors import Invalid
from chalicelib.rendering.assembly import assemble
from chalicelib.rendering.fields import FIELDS
from chalicelib.rendering.limits import LimitExceeded
from chalicelib.rendering.tracking import ids_in

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SOURCE = MessageSource(
    subject="",
    body="",
    is_html=True,
    body_plain=None,
    campaign_type=CampaignType.EMAIL,
    track_links=TrackLinks.EXPLICIT,
    open_tracking=False,
    mandatory_opt_out=False,
    language="en",
    time_zone="UTC",
    date_format="YYYY-MM-DD",
    base_url="https://example.com",
    from_address="news@example.com",
    from_name=None,
    reply_to_address=None,
    reply_to_name=None,
    sender_postal_address=None,
    campaign={},
    mass_email={},
)


def rehearse(subject: str, body: str, body_plain: str | None, *, is_html: bool) -> None:
    """Render for readers of every type, once without any data and once with all fields filled.

    Refused is a limit, a step out of the sandbox, and what fails whoever reads it.

    Raises:
        Invalid: Names the field and the line.
    """
    ids = {**dict.fromkeys(ids_in("body", body)), **dict.fromkeys(ids_in("bodyPlain", body_plain or ""))}
    source = replace(
        _SOURCE,
        subject=subject,
        body=body,
        body_plain=body_plain,
        is_html=is_html,
        links=tuple(Link(UrlAction.REDIRECT, "https://example.com/", tracking_url_id=one) for one in ids),
    )
    compiled = assemble(source, lambda: KeyRing({}, 0, b""))
    errors = [_error(compiled, reader) for reader in _readers()]
    if errors[0] is not None and None not in errors:
        raise _refusal(errors[0]) from errors[0]


def _refusal(error: RenderError) -> Invalid:
    where, _, reason = str(error).partition(": ")
    field, _, line = where.partition(", ")
    return Invalid.of(field.removesuffix(" (as text)"), f"{line}: {reason}".removeprefix(": "))


def _error(compiled: CompiledMessage, reader: Reader) -> RenderError | None:
    """What this reader's data may explain; what nothing explains is refused at once."""
    try:
        compiled.personal(reader, at=_AT)
    except RenderError as error:
        if isinstance(error.__cause__, LimitExceeded | SecurityError):
            raise _refusal(error) from error
        return error
    return None


def _readers() -> Iterator[Reader]:
    for kind in TargetType:
        full: dict[str, object] = {**dict.fromkeys(FIELDS[kind], "A"), "attributes": {}}
        for target in (dict[str, object](), full):
            yield Reader(kind, target, target or None, "someone@example.com", None)
