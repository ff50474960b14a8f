"""A rehearsal on made-up readers: what a template does to the limits and to the sandbox shows when it is run."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from jinja2.exceptions import SecurityError

from chalicelib.domain.message import Link, MessageSource, Reader, RenderError
from chalicelib.domain.public_tokens import KeyRing
from chalicelib.domain.records import CampaignType, TargetType, TrackLinks, UrlAction
from chalicelib.errors import FieldError, Invalid
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

    Only what would fail whoever reads it is refused: a limit, or a step out of the sandbox.

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
    for reader in _readers():
        try:
            compiled.personal(reader, at=_AT)
        except RenderError as error:
            if isinstance(error.__cause__, LimitExceeded | SecurityError):
                field, _, message = str(error).partition(", ")
                reason = error.__cause__ if isinstance(error.__cause__, SecurityError) else ""
                raise Invalid(
                    FieldError(field.removesuffix(" (as text)"), f"{message} {reason}".strip())
                ) from error


def _readers() -> Iterator[Reader]:
    for kind in TargetType:
        full: dict[str, object] = {**dict.fromkeys(FIELDS[kind], "A"), "attributes": {}}
        for target in (dict[str, object](), full):
            yield Reader(kind, target, target or None, "someone@example.com", None)
