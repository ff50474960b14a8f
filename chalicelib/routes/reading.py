"""What a caller sent, into the types of a request: every fault is collected, each under its field."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import FieldInfo

from chalicelib.errors import FieldError, Invalid
from chalicelib.routes.sentences import sentence

S = TypeVar("S", bound=Struct)
Faults = list[FieldError]
Reader = Callable[[Any, str, Faults], Any]
_FAULTY: Any = object()  # stands where a value could not be read; never leaves this module


@dataclass(frozen=True)
class Patch(Generic[S]):
    """A JSON merge patch (RFC 7396) of a record that is described by ``S``.

    ``changes`` holds only what was sent, by snake_case name, ready for ``dataclasses.replace``: a null has become
    None where the field may be null, else the field's default.
    """

    changes: Mapping[str, Any]


def read(kind: type[S], values: object, *, strict: bool = True) -> S:
    """Read an object; ``strict=False`` also takes numbers and booleans written as text (query parameters).

    Raises:
        Invalid: With every fault that was found.
    """
    faults: Faults = []
    made = _struct(kind, strict)(values, "", faults)
    if faults:
        raise Invalid(*faults)
    result: S = made
    return result


def read_patch(kind: type[S], values: object) -> Patch[S]:
    """Read a merge patch.

    Raises:
        Invalid: With every fault that was found.
    """
    faults: Faults = []
    infos = {info.encode_name: info for info in msgspec.structs.fields(kind)}
    changes = {
        info.name: _patched(info, value, faults)
        for info, value in _known(infos, _object(values, "", faults), "", faults)
    }
    if faults:
        raise Invalid(*faults)
    return Patch(changes)


def _patched(info: FieldInfo, value: object, faults: Faults) -> Any:
    if value is not None or type(None) in get_args(info.type):
        return _reader(info.type, strict=True)(value, info.encode_name, faults)
    default = _default(info)
    if default is _FAULTY:
        faults.append(FieldError(info.encode_name, "cannot be null"))
    return default


def _default(info: FieldInfo) -> Any:
    if info.default is not NODEFAULT:
        return info.default
    return _FAULTY if info.default_factory is NODEFAULT else info.default_factory()


def _object(values: object, path: str, faults: Faults) -> Mapping[str, object]:
    if isinstance(values, Mapping):
        return values
    faults.append(FieldError(path or "body", "expected an object"))
    return {}


def _known(
    infos: Mapping[str, FieldInfo], values: Mapping[str, object], path: str, faults: Faults
) -> list[tuple[FieldInfo, object]]:
    faults += [FieldError(_join(path, name), "unknown field") for name in values if name not in infos]
    return [(infos[name], value) for name, value in values.items() if name in infos]


@cache
def _struct(kind: type[Struct], strict: bool) -> Reader:
    infos = {info.encode_name: info for info in msgspec.structs.fields(kind)}
    readers = {name: _reader(info.type, strict=strict) for name, info in infos.items()}

    def read_struct(values: object, path: str, faults: Faults) -> Any:
        before = len(faults)
        given = _known(infos, _object(values, path, faults), path, faults)
        arguments = {
            info.name: readers[info.encode_name](value, _join(path, info.encode_name), faults)
            for info, value in given
        }
        if isinstance(values, Mapping):
            faults += [
                FieldError(_join(path, name), "is required")
                for name, info in infos.items()
                if info.required and name not in values
            ]
        return _FAULTY if len(faults) > before else _made(kind, arguments, path, faults)

    return read_struct


def _made(kind: type[Struct], arguments: Mapping[str, Any], path: str, faults: Faults) -> Any:
    """Construct; a ``__post_init__`` may raise Invalid with fields relative to its own object."""
    try:
        return kind(**arguments)
    except Invalid as invalid:
        faults += [FieldError(_join(path, error.field), error.message) for error in invalid.errors]
        return _FAULTY


def _reader(kind: Any, *, strict: bool) -> Reader:
    """The reader of a type; only what can hold several faults is taken apart, the rest is msgspec's."""
    if get_origin(kind) in (Union, UnionType):
        parts = [part for part in get_args(kind) if part is not type(None)]
        if len(parts) == 1:
            return _nullable(_reader(parts[0], strict=strict))
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _struct(kind, strict)
    metas = [part for part in getattr(kind, "__metadata__", ()) if isinstance(part, Meta)]
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(bare) in (list, tuple):
        return _several(bare, metas, strict=strict)
    return _leaf(kind, metas, strict=strict)


def _nullable(inner: Reader) -> Reader:
    return lambda value, path, faults: None if value is None else inner(value, path, faults)


def _several(kind: Any, metas: list[Meta], *, strict: bool) -> Reader:
    as_whole = _leaf(Annotated[(list[Any], *metas)] if metas else list[Any], [], strict=strict)
    item = _reader(get_args(kind)[0], strict=strict)
    make = get_origin(kind)

    def read_several(value: object, path: str, faults: Faults) -> Any:
        values = as_whole(value, path, faults)
        if values is _FAULTY:
            return _FAULTY
        return make(item(each, f"{path}.{place}", faults) for place, each in enumerate(values))

    return read_several


def _leaf(kind: Any, metas: list[Meta], *, strict: bool) -> Reader:
    patterns = [re.compile(meta.pattern) for meta in metas if meta.pattern]
    rules = [meta.extra["rule"] for meta in metas if meta.extra and "rule" in meta.extra]
    finish = [meta.extra["finish"] for meta in metas if meta.extra and "finish" in meta.extra]

    def read_leaf(value: object, path: str, faults: Faults) -> Any:
        try:
            made = msgspec.convert(value, kind, strict=strict)
        except msgspec.ValidationError as error:
            faults.append(FieldError(path, sentence(str(error), kind)))
            return _FAULTY
        problem = next(filter(None, (rule(made) for rule in rules)), None)
        # Python's ``$`` also fits before a last line break, that of JSON Schema (ECMA-262) does not.
        if problem is None and any(not pattern.fullmatch(made) for pattern in patterns):
            problem = "must not end in a line break"
        if problem is not None:
            faults.append(FieldError(path, problem))
            return _FAULTY
        for step in finish:
            made = step(made)
        return made

    return read_leaf


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
