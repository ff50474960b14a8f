"""Ids in a body, looked up: what does not exist is refused under its field."""

from collections.abc import Sequence

from chalicelib.domain.campaigns import MAX_LISTS
from chalicelib.domain.ports import Records
from chalicelib.domain.records import TargetList
from chalicelib.errors import FieldError, Invalid


def refuse(problems: Sequence[FieldError]) -> None:
    """Raise what was found, all at once.

    Raises:
        Invalid: There is something.
    """
    if problems:
        raise Invalid(*problems)


def distinct(ids: Sequence[str]) -> tuple[str, ...]:
    """Each id once, in order: a list that is named twice is meant once."""
    return tuple(dict.fromkeys(ids))


def existing(lists: Records[TargetList], ids: Sequence[str]) -> tuple[str, ...]:
    """Those of the lists that are not deleted, in order."""
    found = lists.find_many(ids)
    return tuple(list_id for list_id in ids if list_id in found)


def list_problems(
    lists: Records[TargetList], field: str, ids: Sequence[str], known: Sequence[str] = ()
) -> list[FieldError]:
    """Which of ``ids`` are no lists; those in ``known`` stood there before, and may have been deleted since."""
    if len(ids) > MAX_LISTS:
        return [FieldError(field, f"must have at most {MAX_LISTS} entries")]
    found = {*known, *lists.find_many([list_id for list_id in ids if list_id not in known])}
    return [
        FieldError(f"{field}.{place}", "there is no target list with this id")
        for place, list_id in enumerate(ids)
        if list_id not in found
    ]
