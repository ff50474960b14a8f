"""Document paths such as ``m.list[2].name``: read, compared, and resolved for writing.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html
"""

from collections.abc import Mapping, Sequence

from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.values import AttributeValue

Step = str | int
Path = tuple[Step, ...]
"""The attribute's name first; then names within maps and indexes within lists."""

NO_SUCH_PLACE = "The document path provided in the update expression is invalid for update"


def read(item: Mapping[str, AttributeValue], path: Path) -> AttributeValue | None:
    """What stands there, not copied, or None."""
    value = item.get(str(path[0]))
    for step in path[1:]:
        if value is None:
            return None
        value = _within(value, step)
    return value


def _within(value: AttributeValue, step: Step) -> AttributeValue | None:
    if isinstance(step, int):
        parts = value.get("L", ())
        return parts[step] if step < len(parts) else None
    part: AttributeValue | None = value["M"].get(step) if "M" in value else None
    return part


def check_distinct(paths: Sequence[Path], label: str) -> None:
    """Refuse paths of which one lies within the other, or that take one place for a map and for a list.

    Raises:
        Invalid: Two of them are so.
    """
    for place, one in enumerate(paths):
        for other in paths[place + 1 :]:
            _check_pair(one, other, label)


def _check_pair(one: Path, other: Path, label: str) -> None:
    for mine, theirs in zip(one, other, strict=False):
        if mine == theirs:
            continue
        if isinstance(mine, int) == isinstance(theirs, int):
            return
        raise Invalid(f"Invalid {label}: Two document paths conflict with each other; {_both(one, other)}")
    raise Invalid(f"Invalid {label}: Two document paths overlap with each other; {_both(one, other)}")


def _both(one: Path, other: Path) -> str:
    return f"must remove or rewrite one of these paths; path one: {_shown(one)}, path two: {_shown(other)}"


def _shown(path: Path) -> str:
    return f"[{', '.join(f'[{step}]' if isinstance(step, int) else step for step in path)}]"
