"""The values that templates see: views of records, and emptiness that never fails a message."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import Undefined


class Empty(Undefined):
    """A missing or null value: prints nothing, is false, takes part in every operation without an error.

    One person without a first name must not lose the message; that the value was empty is noted when it is printed
    (``delivery.md``, Message). It knows the name it was asked for by, such as ``Contact.firstName``.
    """

    __slots__ = ()

    @property
    def _label(self) -> str:
        owner = self._undefined_obj
        prefix = owner._label + "." if isinstance(owner, Empty) else ""  # noqa: SLF001  # of its own class
        return prefix + str(self._undefined_name or "")

    def __getattr__(self, name: str) -> "Empty":
        """An attribute of nothing is nothing."""
        if name.startswith("_"):
            raise AttributeError(name)
        return Empty(obj=self, name=name)

    def __getitem__(self, name: object) -> "Empty":  # type: ignore[override]  # the parent never returns
        """An element of nothing is nothing."""
        return Empty(obj=self, name=str(name))

    def __add__(self, other: Any) -> Any:
        """Nothing added changes nothing."""
        return other

    __radd__ = __add__

    def _stay(self, *_: Any) -> "Empty":
        return self

    __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _stay  # type: ignore[assignment]
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _stay  # type: ignore[assignment]
    __round__ = __abs__ = _stay
    __pos__ = __neg__ = _stay  # type: ignore[assignment]  # the parent's types never return

    def _never(self, _: Any) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _never  # type: ignore[assignment]  # as above

    def __int__(self) -> int:  # type: ignore[override]  # as above
        """Counts as zero."""
        return 0

    def __float__(self) -> float:  # type: ignore[override]  # as above
        """Counts as zero."""
        return 0.0

    def __eq__(self, other: object) -> bool:
        """Equal to none, to the empty text and to any other emptiness."""
        return other is None or other == "" or isinstance(other, Empty)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash("")

    def __bool__(self) -> bool:
        return False

    def __contains__(self, _: object) -> bool:
        return False


def label_of(value: Empty) -> str:
    """The name the value was asked for by, empty when it has none (the first of an empty list)."""
    return value._label  # noqa: SLF001  # hidden from templates, which see public names only


class View(Mapping[str, Any]):
    """A JSON object as templates see it: its keys are attributes, what is missing or null is ``Empty``."""

    __slots__ = ("_data", "_label")

    def __init__(self, label: str, data: Mapping[str, Any]) -> None:
        self._label = label
        self._data = data

    def field(self, name: str) -> Any:
        """The value of a key; a blank text counts as missing, since it prints as little."""
        value = self._data.get(name)
        if type(value) is str and value:  # most values
            return value
        if value is None or value == "":
            return Empty(name=f"{self._label}.{name}" if self._label else name)
        if isinstance(value, dict):
            return View(f"{self._label}.{name}", value)
        return value

    def __getitem__(self, name: str) -> Any:
        if name not in self._data:
            raise KeyError(name)
        return self.field(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


class RecordView(View):
    """A record as templates see it: ``name`` is made of its parts, ``account`` is one hop away."""

    __slots__ = ("_account",)

    def __init__(
        self, label: str, data: Mapping[str, Any], account: Callable[[str], View | Empty] | None = None
    ) -> None:
        self._label = label
        self._data = data
        self._account = account

    def field(self, name: str) -> Any:
        """The value of a field, of the full name, or the linked account."""
        if name != "name" and name != "account":  # noqa: PLR1714 - half the price of a set, on the hottest path
            return super().field(name)
        if name == "name" and not self._data.get("name"):
            full = " ".join(
                str(self._data[part]) for part in ("firstName", "lastName") if self._data.get(part)
            )
            return full or Empty(name=f"{self._label}.name")
        if name == "account" and self._account is not None:
            return self._account(f"{self._label}.account")
        return super().field(name)

    def __str__(self) -> str:
        return str(self.field("name"))


def attribute_of(value: Any, name: str) -> Any:
    """What ``value.name`` means for data; a plain value has no attributes."""
    if isinstance(value, View):
        return value.field(name)
    if isinstance(value, dict):
        return View("", value).field(name)
    return Empty(obj=value, name=name)
