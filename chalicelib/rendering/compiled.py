"""A mass email's message, compiled: one common part, and what differs for each reader."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.message import FullMessage, Personal, Reader, RenderError
from chalicelib.domain.public_tokens import KeyRing
from chalicelib.domain.records import TargetType
from chalicelib.domain.sending import SesTemplate
from chalicelib.rendering.fields import FieldsRead
from chalicelib.rendering.headers import personal_headers
from chalicelib.rendering.limits import MAX_DATA_CHARACTERS
from chalicelib.rendering.part import Part
from chalicelib.rendering.scope import Scope
from chalicelib.rendering.seams import close
from chalicelib.rendering.ses_template import substituted
from chalicelib.rendering.shared import Shared

_ESCAPED = (
    6  # characters that JSON takes at most for one: below a sixth of the limit nothing need be measured
)


@dataclass(frozen=True)
class Compiled:
    """Implements ``CompiledMessage``; immutable, shared by all chunks of a mass email."""

    shared: Shared
    constants: Mapping[str, Any]
    parts: Sequence[Part]
    template: SesTemplate
    default_data: Mapping[str, str]
    from_header: str
    reply_to: Sequence[str]
    headers: Mapping[str, str]
    always_empty: Sequence[str]
    fields: FieldsRead
    ring: Callable[[], KeyRing]

    @property
    def target_fields(self) -> Mapping[TargetType, frozenset[str]]:
        """The fields of a target that this message reads, by type."""
        return self.fields.target

    @property
    def account_fields(self) -> frozenset[str]:
        """The fields of a contact's account that this message reads."""
        return self.fields.account

    def personal(self, reader: Reader, *, at: datetime) -> Personal:
        """Render what differs for this reader.

        Raises:
            RenderError: The template fails on this reader's data, or its result exceeds a limit.
        """
        scope = Scope(self.shared, self.constants, reader, at, self.ring())
        data: dict[str, str] = {}
        for part in self.parts:
            part.fill(scope, data)
            close(part, data)
        _check_size(data)
        headers = personal_headers(self.headers, scope)
        return Personal(data, headers, (*self.always_empty, *scope.empty))

    def whole(self, personal: Personal) -> FullMessage:
        """Put the message together as SES will."""
        data = {**self.default_data, **personal.data}
        template = self.template
        return FullMessage(
            subject=substituted(template.subject, data),
            html=None if template.html is None else substituted(template.html, data),
            text=substituted(template.text, data),
            headers=personal.headers,
            from_header=self.from_header,
            reply_to=self.reply_to,
            empty_fields=personal.empty_fields,
        )


def _check_size(data: Mapping[str, str]) -> None:
    if sum(map(len, data.values())) * _ESCAPED < MAX_DATA_CHARACTERS - _ESCAPED * 20 * len(data):
        return
    if len(json.dumps(data, ensure_ascii=False)) > MAX_DATA_CHARACTERS:
        raise RenderError(f"body: exceeds SES's limit of {MAX_DATA_CHARACTERS:,} characters of personal data")
