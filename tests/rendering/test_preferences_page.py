"""The preferences page: usable by keyboard, reader and phone, in each language."""

import pytest

from chalicelib.domain.preferences import Choice, Choices
from chalicelib.rendering.page_texts import LANGUAGES, TEXTS
from chalicelib.rendering.pages import Pages
from tests.rendering.test_pages import Outline

LINES = (
    Choice(frozenset({"a" * 17}), "<b>Offers</b>", is_kept=True),
    Choice(frozenset({"c" * 17, "b" * 17}), None, is_kept=False),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("is_saved", [False, True])
def test_every_box_has_a_label_and_the_group_a_legend(language: str, is_saved: bool) -> None:
    """One heading, one form, a labelled group of labelled boxes, and a submit button that comes first: Enter saves."""
    page = Pages(language).preferences(Choices(LINES), save="token", is_saved=is_saved)
    outline = Outline(page.html)
    assert (outline.count("h1"), outline.count("form"), outline.count("main")) == (1, 1, 1)
    assert outline.count("fieldset") == outline.count("legend") == 1
    assert outline.count("label") == outline.count("input") == 2
    buttons = [attributes for tag, attributes in outline.tags if tag == "button"]
    assert [button.get("name") for button in buttons] == [None, "all"]
    assert ("role", "status") in {
        each for _, attributes in outline.tags for each in attributes.items()
    } or not is_saved
    assert "<b>" not in page.html
    assert TEXTS[language]["thisMailing"] in page.html
    assert page.html.count(" checked") == 1


def test_the_name_of_a_list_runs_in_its_own_direction() -> None:
    """A name in Hebrew or Arabic is not torn by a year or a bracket in it."""
    page = Pages("en").preferences(Choices(LINES), save="token")
    assert Outline(page.html).tags.count(("span", {"dir": "auto"})) == len(LINES)


def test_a_line_of_several_lists_is_one_box() -> None:
    """Any of its lists would stand for it; the same does each time."""
    page = Pages("en").preferences(Choices(LINES), save="token")
    assert f'value="{"b" * 17}"' in page.html
    assert "c" * 17 not in page.html


def test_who_is_on_no_list_that_has_a_name_can_still_leave() -> None:
    """One button; and none for those who left everything and have nothing to come back to."""
    outline = Outline(Pages("en").preferences(Choices(), save="token").html)
    assert (outline.count("input"), outline.count("button")) == (0, 1)
    assert Outline(Pages("en").preferences(Choices(is_out=True), save="token").html).count("button") == 0


def test_who_gets_nothing_is_told_so() -> None:
    """Before and after saving."""
    for is_saved in (False, True):
        page = Pages("en").preferences(Choices(LINES, is_out=True), save="token", is_saved=is_saved)
        assert "you receive nothing from us" in page.html


def test_who_has_nothing_ticked_is_asked_to_tick() -> None:
    """Whoever left the lists one by one can come back: the text is not only for leaving."""
    nothing = tuple(Choice(line.list_ids, line.name, is_kept=False) for line in LINES)
    assert "Tick what you want" in Pages("en").preferences(Choices(nothing), save="token").html


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_choice_that_waits_in_the_queue_is_saved_too(language: str) -> None:
    """And says so without a form: how things stand is not known yet."""
    outline = Outline(Pages(language).saved().html)
    assert (outline.count("h1"), outline.count("form")) == (1, 0)
