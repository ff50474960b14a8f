"""Email templates: checked on save, answered as written."""

import pytest

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.records import TemplateStatus
from chalicelib.errors import Invalid, NotFound, PreconditionFailed
from tests.flows.desk import Desk, fields_of

BODY = "<style>@media screen{#main{color:red}}</style>\r\n<p>{Person.firstName} é\u2028</p>  "


def test_is_answered_as_written() -> None:
    """Not a character is trimmed or translated."""
    desk = Desk()
    made = desk.template(body=BODY, body_plain=BODY, subject=" Hei ")
    assert (made.body, made.body_plain, made.subject) == (BODY, BODY, " Hei ")
    assert desk.template_rows.get(made.id) == made
    assert (made.status, made.is_html) == (TemplateStatus.ACTIVE, True)


def test_is_checked_on_create_and_on_update() -> None:
    """What does not compile is never stored."""
    desk = Desk()
    with pytest.raises(Invalid) as refused:
        desk.template(body="{{")
    assert fields_of(refused.value) == ["body"]
    assert not desk.template_rows.rows
    made = desk.template()
    with pytest.raises(Invalid):
        desk.templates.edit(made.id, {"body": "{{"})
    assert desk.template_rows.get(made.id) == made


def test_other_fields_change_whatever_the_text() -> None:
    """A text that a newer release would refuse can still be renamed or set inactive."""
    desk = Desk()
    made = desk.template()
    desk.template_rows.replace(desk.templates.edit(made.id, {"name": "old"}), expected_rev=2)
    stored = desk.template_rows.rows[made.id]
    object.__setattr__(stored, "body", "{{")
    assert desk.templates.edit(made.id, {"status": TemplateStatus.INACTIVE}).status is TemplateStatus.INACTIVE


def test_a_deleted_one_is_gone() -> None:
    """For callers; a past version deletes nothing."""
    desk = Desk()
    made = desk.template()
    with pytest.raises(PreconditionFailed):
        desk.templates.delete(made.id, if_match=IfMatch.of('"7"'))
    desk.templates.delete(made.id)
    with pytest.raises(NotFound):
        desk.templates.edit(made.id, {"name": "x"})
