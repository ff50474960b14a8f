"""What can be seen to be wrong in a template before anybody reads it, by field and line."""

from collections.abc import Iterator

from jinja2 import nodes

from chalicelib.errors import FieldError
from chalicelib.rendering.engine import parse
from chalicelib.rendering.fields import field_problem
from chalicelib.rendering.paths import assigned_names, paths_in
from chalicelib.rendering.sandbox import CALLABLE_ATTRIBUTES, sandbox
from chalicelib.rendering.shared import Kind

_OTHER_TEMPLATES = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
_LINKS = frozenset({"optOutUrl", "optOutLink", "preferencesUrl", "trackingUrl"})
_ATTRIBUTE_ARGUMENTS = frozenset(
    {"map", "selectattr", "rejectattr", "groupby", "sort", "unique", "sum", "min", "max", "join"}
)
_ENGINE_NAMES = frozenset({"caller", "loop", "self", "super", "varargs", "kwargs"})

Problem = tuple[int, str]


def problems(kind: Kind, field: str, source: str) -> Iterator[FieldError]:
    """What is wrong with a text, in order of lines.

    Raises:
        Invalid: It cannot be parsed at all.
    """
    template = parse(kind, field, source)
    found = {*_forbidden(template), *_unknown(kind, template), *_fields(template)}
    if kind is Kind.SUBJECT:
        found |= set(_links(template))
    return (FieldError(field, f"line {line}: {message}") for line, message in sorted(found))


def _forbidden(template: nodes.Template) -> Iterator[Problem]:
    for node in template.find_all(_OTHER_TEMPLATES):
        yield node.lineno, "there are no other templates to include or extend"
    for attribute in template.find_all(nodes.Getattr):
        yield from _private(attribute.lineno, attribute.attr)
    for item in template.find_all(nodes.Getitem):
        yield from _private(item.lineno, item.arg)
    for filtered in template.find_all(nodes.Filter):
        arguments = [*filtered.args, *(keyword.value for keyword in filtered.kwargs)]
        if filtered.name in _ATTRIBUTE_ARGUMENTS:
            for argument in arguments:
                yield from _private(filtered.lineno, argument)
    for const in template.find_all(nodes.Const):
        if isinstance(const.value, str) and any("\ud800" <= char <= "\udfff" for char in const.value):
            yield const.lineno, "holds a character that is none (half of a surrogate pair)"


def _private(line: int, name: object) -> Iterator[Problem]:
    value = name.value if isinstance(name, nodes.Const) else name
    if isinstance(value, str) and any(part.startswith("_") for part in value.split(".")):
        yield line, f"access to {value!r} is not allowed in a template"


def _unknown(kind: Kind, template: nodes.Template) -> Iterator[Problem]:
    environment = sandbox(kind)
    known = environment.globals.keys() | assigned_names(template) | _ENGINE_NAMES | {"trackingUrl"}
    for call in template.find_all(nodes.Call):
        callee = call.node
        if isinstance(callee, nodes.Name) and callee.name not in known:
            yield call.lineno, f"there is no function {callee.name!r}"
        if isinstance(callee, nodes.Getattr) and not _is_method(callee):
            yield call.lineno, f"there is no method {callee.attr!r}"
    for filtered in template.find_all(nodes.Filter):
        if filtered.name not in environment.filters:
            yield filtered.lineno, f"there is no filter {filtered.name!r}"
    for test in template.find_all(nodes.Test):
        if test.name not in environment.tests:
            yield test.lineno, f"there is no test {test.name!r}"


def _is_method(callee: nodes.Getattr) -> bool:
    of_template = isinstance(callee.node, nodes.Name) and callee.node.name in {"self", "loop"}
    return of_template or callee.attr in CALLABLE_ATTRIBUTES


def _fields(template: nodes.Template) -> Iterator[Problem]:
    own = assigned_names(template)
    for path in paths_in(template):
        problem = None if path.root in own else field_problem(path)
        if problem is not None:
            yield path.line, problem


def _links(template: nodes.Template) -> Iterator[Problem]:
    for path in paths_in(template):
        if path.root in _LINKS:
            yield path.line, f"{path.root} has no place in a subject"
