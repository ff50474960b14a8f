"""Holding a page against what was printed finds what is wrong, and only that."""

import pytest

from tests.docs.shown import Shown

ID, OTHER = "1a2081500a1b2c3d1", "1a2081500a1b2c3d2"
HERE, THERE = "f" * 17, "e" * 17


def fits(*pairs: tuple[str, str]) -> bool:
    """Whether each shown answer fits the printed one, in this order on one page."""
    shown = Shown({"http://shown": "http://here"})
    try:
        for page, printed in pairs:
            shown.check_json(page, printed)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        ('{"a": 1}', 'noise\n{"a": 1}'),
        ('{"a": 1, …}', '{"a": 1, "b": 2}'),
        ('{"a": {"b": 1,\n  …\n}, "c": []}', '{"a": {"b": 1, "z": 3}, "c": []}'),
        ('{"a": "x…"}', '{"a": "xyz\\nmore"}'),
        ('{"a": "on 2026-03-02"}', '{"a": "on 2031-12-31"}'),
        ('{"createdAt": "2026-03-02T09:00:00Z"}', '{"createdAt": "2031-01-01T00:00:00.5Z"}'),
        ('{"startAt": "2026-03-02T09:00:00Z"}', '{"startAt": "2026-03-02T09:00:00Z"}'),
        ('{"a": "http://shown/u"}', '{"a": "http://here/u"}'),
        (f'{{"id": "{ID}", "same": "{ID}"}}', f'{{"id": "{HERE}", "same": "{HERE}"}}'),
    ],
)
def test_what_is_true_fits(page: str, printed: str) -> None:
    """Shortened, at another time, with other ids and at another address."""
    assert fits((page, printed))


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        ('{"a": 1}', '{"a": 2}'),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": 1}', '{"a": 1, "b": 2}'),
        ('{"a": 1, "b": 2, …}', '{"a": 1}'),
        ('{"a": [1]}', '{"a": [1, 2]}'),
        ('{"a": "x"}', '{"a": "xy"}'),
        ('{"a": "on 2026-03-02"}', '{"a": "on Monday"}'),
        ('{"createdAt": "2026-03-02T09:00:00Z"}', '{"createdAt": "yesterday"}'),
        ('{"startAt": "2026-03-02T09:00:00Z"}', '{"startAt": "2026-03-02T10:00:00Z"}'),
        (f'{{"id": "{ID}"}}', '{"id": null}'),
        (f'{{"id": "{ID}", "same": "{ID}"}}', f'{{"id": "{HERE}", "same": "{THERE}"}}'),
        (f'{{"id": "{ID}", "other": "{OTHER}"}}', f'{{"id": "{HERE}", "other": "{HERE}"}}'),
    ],
)
def test_what_is_untrue_does_not_fit(page: str, printed: str) -> None:
    """Another value, a field too many or too few, or ids that are mixed up."""
    assert not fits((page, printed))


def test_an_id_stays_the_same_over_the_whole_page() -> None:
    """Bound by the first answer that shows it, and used in the commands that follow."""
    shown = Shown({"http://shown": "http://here"})
    shown.check_json(f'{{"id": "{ID}"}}', f'{{"id": "{HERE}"}}')
    assert shown.own(f"curl http://shown/v1/{ID}") == f"curl http://here/v1/{HERE}"
    with pytest.raises(AssertionError, match="shown"):
        shown.check_json(f'{{"id": "{ID}"}}', f'{{"id": "{THERE}"}}')
    with pytest.raises(AssertionError, match="no answer has shown"):
        shown.own(f"curl http://shown/v1/{OTHER}")


def test_lines_are_looked_for_in_order() -> None:
    """As a reader's eye goes through the head of an answer."""
    shown = Shown({})
    shown.check_lines("200 OK\n…button…", "HTTP\n200 OK\nA: b\n<button>")
    with pytest.raises(AssertionError, match="was not printed"):
        shown.check_lines("…button…\n200 OK", "HTTP\n200 OK\nA: b\n<button>")
