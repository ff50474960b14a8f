"""An item while it is being updated: what is stored stays untouched, only what is changed is copied."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.dynamodb.errors import Invalid
from tests.fakes.dynamodb.paths import NO_SUCH_PLACE, Path, Step
from tests.fakes.dynamodb.values import AttributeValue, Item, check_nesting, copied


class Draft:
    """The attributes of an item, to be changed place by place.

    An index means the list as it was before the update: elements are taken out from the end on, and those put behind
    the end follow in the order of their indexes.
    """

    def __init__(self, item: Mapping[str, AttributeValue]) -> None:
        self._item: Item = dict(item)
        self._own: set[str] = set()  # names of the attributes that were copied, and so may be changed within
        self._taken: list[tuple[int, list[AttributeValue]]] = []
        self._behind: list[tuple[int, list[AttributeValue], AttributeValue]] = []

    def place(self, path: Path, value: AttributeValue | None) -> None:
        """Put a value in its place; None takes away what is there.

        Raises:
            Invalid: There is no such place: what should hold it is missing, or is no map or list.
        """
        *above, last = path
        if not above:
            _put(self._item, last, value)
            return
        holder = self._holder(above, last)
        if isinstance(last, str):
            _put(holder, last, value)
            return
        self._put_in_list(holder, last, value)

    def _holder(self, above: list[Step], last: Step) -> Any:
        value = self._own_attribute(str(above[0]))
        for step in above[1:]:
            value = _within(value, step)
        return _content(value, last)

    def _own_attribute(self, name: str) -> AttributeValue:
        if name not in self._item:
            raise Invalid(NO_SUCH_PLACE)
        if name not in self._own:
            self._own.add(name)
            self._item[name] = copied(self._item[name])
        return self._item[name]

    def _put_in_list(self, elements: list[AttributeValue], index: int, value: AttributeValue | None) -> None:
        if value is None:
            self._taken.append((index, elements))
            return
        if index < len(elements):
            elements[index] = value
            return
        self._behind.append((index, elements, value))

    def finished(self) -> Item:
        """The item as it has become.

        Raises:
            Invalid: Something lies too deep within it now.
        """
        for index, elements in sorted(self._taken, key=lambda taken: -taken[0]):
            del elements[index : index + 1]
        for _, elements, value in sorted(self._behind, key=lambda behind: behind[0]):
            elements.append(value)
        for name in self._own & self._item.keys():
            check_nesting(self._item[name])
        return self._item


def _put(holder: dict[Any, AttributeValue], name: Step, value: AttributeValue | None) -> None:
    if value is None:
        holder.pop(name, None)
        return
    holder[name] = value


def _content(value: AttributeValue, step: Step) -> Any:
    content = value.get("M" if isinstance(step, str) else "L")
    if content is None:
        raise Invalid(NO_SUCH_PLACE)
    return content


def _within(value: AttributeValue, step: Step) -> AttributeValue:
    content = _content(value, step)
    try:
        part: AttributeValue = content[step]
    except (KeyError, IndexError):
        raise Invalid(NO_SUCH_PLACE) from None
    return part
