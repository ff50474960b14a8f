"""An OpenAPI document as a page for people: operations by what they are about, then the types that they name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.rendering.markdown import line_to_html, to_html
from chalicelib.rendering.pages import TEMPLATES, Page, style

if TYPE_CHECKING:
    from jinja2 import Environment

Part = Mapping[str, Any]
SHEET = "docs/style.css"
PROBLEM = "application/problem+json"
_BOUNDS = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", ""),
)
_ID = "^[0-9a-f]{17}$"


@dataclass(frozen=True)
class Word:
    """A piece of what is said of a type; ``anchor`` is the named type that it leads to."""

    text: str
    anchor: str | None = None


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body or of a type; ``place`` is path, query, header or nothing."""

    name: str
    kind: Sequence[Word]
    place: str = ""
    says: str = ""
    is_required: bool = False


@dataclass(frozen=True)
class Operation:
    """One method of one path; ``role`` is nothing where the operation is public."""

    anchor: str
    method: str
    path: str
    summary: str
    role: str
    parameters: Sequence[Field]
    body: Sequence[Word]
    fields: Sequence[Field]
    answers: Sequence[tuple[str, str, Sequence[Word]]]


@dataclass(frozen=True)
class Chapter:
    """The operations of one tag."""

    title: str
    anchor: str
    operations: Sequence[Operation]


@dataclass(frozen=True)
class Type:
    """A named type."""

    name: str
    says: str
    kind: Sequence[Word]
    fields: Sequence[Field]


def page(document: Part) -> Page:
    """The whole page of an OpenAPI 3.1 document; its ``servers`` say where the paths begin."""
    html = (
        _environment()
        .get_template("docs/page.html.j2")
        .render(
            title=document["info"]["title"],
            about=document["info"]["description"],
            site=document["servers"][0]["url"].rstrip("/"),
            chapters=chapters(document),
            types=types(document),
        )
    )
    return Page(html, "en", SHEET)


def chapters(document: Part) -> Sequence[Chapter]:
    """By tag, in the document's order."""
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            by_tag[told["tags"][0]].append(_operation(document, method.upper(), path, told))
    return [
        Chapter(name, f"about-{_slug(name)}", operations) for name, operations in by_tag.items() if operations
    ]


def types(document: Part) -> Sequence[Type]:
    """Every named type, by name."""
    return [
        Type(
            name,
            schema.get("description", ""),
            [] if "properties" in schema else list(_kind(schema)),
            _fields(schema),
        )
        for name, schema in sorted(document["components"]["schemas"].items())
    ]


def _operation(document: Part, method: str, path: str, told: Part) -> Operation:
    parameters = [_resolved(document, each) for each in told["parameters"]]
    contents: Mapping[str, Part] = told.get("requestBody", {}).get("content", {})
    body: Part = next((each["schema"] for each in contents.values()), {})
    return Operation(
        anchor=told["operationId"],
        method=method,
        path=path,
        summary=told["summary"],
        role=told.get("x-role", ""),
        parameters=[_parameter(each) for each in parameters],
        body=list(_kind(body)) if body else [],
        fields=_fields(_resolved(document, body)),
        answers=[_answer(document, status, each) for status, each in told["responses"].items()],
    )


def _parameter(told: Part) -> Field:
    schema = told["schema"]
    return Field(
        name=told["name"],
        kind=list(_kind(schema)),
        place=told["in"],
        says=told.get("description", ""),
        is_required=told.get("required", False),
    )


def _fields(schema: Part) -> Sequence[Field]:
    required = schema.get("required", ())
    return [
        Field(name, list(_kind(each)), says=each.get("description", ""), is_required=name in required)
        for name, each in schema.get("properties", {}).items()
    ]


def _answer(document: Part, status: str, told: Part) -> tuple[str, str, Sequence[Word]]:
    found = _resolved(document, told)
    content = found.get("content", {})
    if "application/json" in content:
        return status, found["description"], list(_kind(content["application/json"]["schema"]))
    others = [Word(name) for name in content if name != PROBLEM]  # told once, at the top
    return status, found["description"], others


def _kind(schema: Part) -> Iterator[Word]:
    """A type in words: ``list of Member``, ``time or null``."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield Word(name, f"type-{name}")
    elif "anyOf" in schema:
        for place, each in enumerate(schema["anyOf"]):
            yield from (Word(" or "),) * bool(place)
            yield from _kind(each)
    elif "items" in schema:
        yield Word("list of ")
        yield from _kind(schema["items"])
    elif "enum" in schema or "const" in schema:
        yield Word(", ".join(map(str, schema.get("enum") or [schema["const"]])))
    else:
        yield Word(_simple(schema))
    limits = list(_limits(schema))
    if limits:
        yield Word(f" ({', '.join(limits)})")


def _limits(schema: Part) -> Iterator[str]:
    for least, most, unit in _BOUNDS if not _is_id(schema) else ():
        if least in schema and most in schema:
            yield f"{schema[least]} to {schema[most]}{unit}"
        elif least in schema:
            yield f"at least {schema[least]}{unit}"
        elif most in schema:
            yield f"at most {schema[most]}{unit}"
    if schema.get("default") is not None:
        default = schema["default"]
        yield f"{default if isinstance(default, str) else json.dumps(default)} if left out"


def _simple(schema: Part) -> str:
    if _is_id(schema):
        return "id"
    if schema.get("format") == "date-time":
        return "time"
    if isinstance(schema.get("additionalProperties"), Mapping) and schema["additionalProperties"]:
        return f"object of {''.join(word.text for word in _kind(schema['additionalProperties']))}"
    kind = schema.get("type", "anything")
    return str(schema.get("format") or kind)


def _is_id(schema: Part) -> bool:
    return schema.get("pattern") == _ID


def _resolved(document: Part, part: Part) -> Part:
    """What a reference leads to; anything else as it is."""
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(document, found)


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - other routes need no Jinja2
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "line": lambda text: Markup(line_to_html(text)),  # noqa: S704 - markdown-it escapes all text
        "prose": lambda text: Markup(to_html(text)),  # noqa: S704 - the same
    }
    environment.globals["style"] = Markup(style(SHEET))  # noqa: S704 - our own file
    return environment
