"""Email templates: checked on save, answered as written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.campaigns import check_unused
from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.ids import new_id
from chalicelib.domain.message import Renderer
from chalicelib.domain.ports import Records
from chalicelib.domain.ports_mass_emails import MassEmails, Turns
from chalicelib.domain.records import EmailTemplate
from chalicelib.flows.editing import Editor
from chalicelib.flows.in_use import open_mass_emails


@dataclass(frozen=True)
class EmailTemplates:
    """What callers change. ``fields`` have snake_case names and hold what was sent, already read; to read, use ``records``."""

    records: Records[EmailTemplate]
    mass_emails: MassEmails
    renderer: Renderer
    turns: Turns
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def create(self, fields: Mapping[str, Any]) -> EmailTemplate:
        """Store a new template.

        Raises:
            Invalid: It is too large, does not compile or could be seen to do harm; names field and line.
        """
        now = self.clock.now()
        template = EmailTemplate(id=self.make_id(now), created_at=now, modified_at=now, **fields)
        self._check(template)
        self.records.add(template)
        return template

    def edit(
        self, template_id: str, fields: Mapping[str, Any], *, if_match: IfMatch = ANY_VERSION
    ) -> EmailTemplate:
        """Change the fields that are given. A mass email In Process keeps what it was frozen with.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
            Invalid: As for ``create``.
        """

        def change(before: EmailTemplate) -> EmailTemplate:
            after = replace(before, **fields)
            if _text(after) != _text(before):
                self._check(after)
            return after

        return self._editor.edit(template_id, change, if_match=if_match)

    def delete(self, template_id: str, *, if_match: IfMatch = ANY_VERSION) -> None:
        """Hide the template from callers.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
            Conflict: A mass email that is under way sends it.
        """

        def bury(before: EmailTemplate) -> EmailTemplate:
            check_unused(template_id, open_mass_emails(self.mass_emails))
            return replace(before, deleted_at=self.clock.now())

        self._editor.edit_in_turn(template_id, bury, if_match=if_match)

    @property
    def _editor(self) -> Editor[EmailTemplate]:
        return Editor(self.records, self.turns, self.clock)

    def _check(self, template: EmailTemplate) -> None:
        self.renderer.check(template.subject, template.body, template.body_plain, is_html=template.is_html)


def _text(template: EmailTemplate) -> tuple[object, ...]:
    return (template.subject, template.body, template.body_plain, template.is_html)
