"""JSON Schemas of the types that routes name, as msgspec tells them and as our own conventions narrow them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, inspect

from chalicelib.routes.bodies import Body, Query

Schema = dict[str, Any]
REF = "#/components/schemas/"
NULL: Schema = {"type": "null"}
_ANY: Schema = {"description": "Any JSON value."}


class Schemas:
    """The schemas of some types and of all that stand in them.

    ``components`` are those with a name; a type is referred to with :meth:`of`, its merge patch with :meth:`patch_of`.
    """

    def __init__(self, types: Iterable[Any]) -> None:
        wanted = sorted(set(types), key=repr)  # a set's own order differs from process to process
        own, named = msgspec.json.schema_components(wanted, schema_hook=lambda _: _ANY, ref_template="{name}")
        self._by_type = dict(zip(wanted, own, strict=True))
        classes: dict[str, Any] = {}
        for info in inspect.multi_type_info(wanted):
            _collect(info, classes)
        self.components = {
            public_name(name): _renamed(_narrowed(schema, classes.get(name)))
            for name, schema in named.items()
        }

    def of(self, kind: Any) -> Schema:
        """A type's schema, mostly a reference."""
        schema = _renamed(self._by_type[kind])
        return schema if isinstance(schema, dict) else {}

    def properties(self, kind: type[Struct]) -> Mapping[str, Schema]:
        """The fields of a struct, by their names in JSON."""
        found: Mapping[str, Schema] = self.components[public_name(kind.__name__)]["properties"]
        return found

    def required(self, kind: type[Struct]) -> frozenset[str]:
        """The names of those without a default."""
        return frozenset(self.components[public_name(kind.__name__)].get("required", ()))

    def fields(self, kind: Any) -> frozenset[str]:
        """The names of an answer's fields; nothing has none."""
        if kind is None or isinstance(kind, str):
            return frozenset()
        name = self.of(kind).get("$ref", "").removeprefix(REF)
        return frozenset(self.components.get(name, {}).get("properties", ()))

    def patch_of(self, kind: type[Struct]) -> Schema:
        """The merge patch of a type: every field may be left out, and null resets what has a default (RFC 7396)."""
        whole = self.components[public_name(kind.__name__)]
        name = re.sub("(Fields|Changes)$", "", kind.__name__) + "Patch"
        required = self.required(kind)
        self.components[name] = {
            "description": f"{whole.get('description', '')} What is left out stays; null resets.".strip(),
            "type": "object",
            "properties": {
                field: _undefaulted(schema) if field in required else _nullable(_undefaulted(schema))
                for field, schema in whole["properties"].items()
            },
            "additionalProperties": False,
        }
        return {"$ref": REF + name}

    def referred_from(self, *parts: Any) -> dict[str, Schema]:
        """The named schemas that these parts of a document refer to, and those within them, by name."""
        found: dict[str, Schema] = {}
        waiting = list(parts)
        while waiting:
            for name in _references(waiting.pop()):
                if name not in found:
                    found[name] = self.components[name]
                    waiting.append(found[name])
        return dict(sorted(found.items()))


def public_name(name: str) -> str:
    """``CampaignAnswer`` is ``Campaign`` to callers, and a page of them ``CampaignPage``."""
    return re.sub(r"^Listing_(.*)_$", r"\1Page", name).replace("AnswerPage", "Page").removesuffix("Answer")


def without_null(schema: Schema) -> Schema:
    """The schema of a value that is there."""
    parts = [part for part in schema.get("anyOf", ()) if part != NULL]
    return parts[0] if len(parts) == 1 else schema


def _undefaulted(schema: Schema) -> Schema:
    return {name: part for name, part in schema.items() if name != "default"}


def _nullable(schema: Schema) -> Schema:
    if NULL in schema.get("anyOf", ()) or not schema.keys() - {"description"}:
        return schema
    return {"anyOf": [schema, NULL]}


def _narrowed(schema: Schema, kind: Any) -> Schema:
    """What msgspec does not know: all answers are whole, their times have a zone, and an enumeration has an order."""
    narrowed = {name: part for name, part in schema.items() if name != "title"}
    if "description" in narrowed:
        narrowed["description"] = re.sub(r"\s+", " ", narrowed["description"]).replace("``", "`")
    if "enum" in schema and kind is not None:
        return {**narrowed, "enum": [member.value for member in kind]}
    if "properties" not in schema or kind is None:
        return narrowed
    times = set(_time_names(kind))
    properties = {
        name: _with_zone(part) if name in times else part for name, part in schema["properties"].items()
    }
    if issubclass(getattr(kind, "__origin__", kind), Body | Query):
        return {**narrowed, "properties": properties}
    whole = {name: _undefaulted(part) for name, part in properties.items()}
    return {**narrowed, "properties": whole, "required": list(whole)}


def _with_zone(schema: Schema) -> Schema:
    if "anyOf" in schema:
        return {**schema, "anyOf": [_with_zone(part) for part in schema["anyOf"]]}
    return {**schema, "format": "date-time"} if schema.get("type") == "string" else schema


def _time_names(kind: Any) -> Iterator[str]:
    info: Any = inspect.type_info(kind)
    for field in info.fields:
        parts = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        if any(isinstance(_bare(part), inspect.DateTimeType) for part in parts):
            yield field.encode_name


def _bare(info: Any) -> Any:
    return info.type if isinstance(info, inspect.Metadata) else info


def _collect(info: Any, found: dict[str, Any]) -> None:
    """The classes in a type's tree that have a schema with a name, by that name."""
    if isinstance(info, inspect.StructType | inspect.DataclassType | inspect.EnumType):
        name = _component_name(info.cls)
        if name in found:
            return
        found[name] = info.cls
    inner = [getattr(info, name, None) for name in ("type", "item_type", "key_type", "value_type")]
    inner += getattr(info, "types", ())
    inner += [field.type for field in getattr(info, "fields", ())]
    for part in inner:
        if isinstance(part, inspect.Type):
            _collect(part, found)


def _component_name(kind: Any) -> str:
    """As msgspec names it."""
    origin = getattr(kind, "__origin__", None)
    if origin is None:
        return str(kind.__name__)
    return f"{origin.__name__}_{'_'.join(each.__name__ for each in kind.__args__)}_"


def _renamed(schema: Any) -> Any:
    if isinstance(schema, list | tuple):  # a default may be a tuple
        return [_renamed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: REF + public_name(part) if name == "$ref" else _renamed(part) for name, part in schema.items()
    }


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, list | tuple):
        for each in part:
            yield from _references(each)
    elif isinstance(part, Mapping):
        for name, each in part.items():
            if name == "$ref" and each.startswith(REF):
                yield each.removeprefix(REF)
            else:
                yield from _references(each)
