"""The filters and tests that templates may use, each charged by what it touches.

Left out are those that reach into objects (``attr``), are never the same twice (``random``), or write for
programmers (``pprint``, ``xmlattr``, ``urlize``).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context, markup_join, str_join
from jinja2.tests import TESTS
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from chalicelib.rendering.budget import weight
from chalicelib.rendering.charges import charge, check_format, scope_budget
from chalicelib.rendering.limits import LOOP_COST, MAX_RANGE, OPERATION_COST, LimitExceeded
from chalicelib.rendering.printing import ReaderContext
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.values import Empty

Filter = Callable[..., Any]

_NAMES = """
    abs batch capitalize center count d default dictsort e escape filesizeformat first float forceescape format groupby
    indent int items join last length list lower map max min reject rejectattr replace reverse round safe select
    selectattr slice sort string striptags sum title tojson trim truncate unique upper urlencode wordcount wordwrap
""".split()  # noqa: SIM905  # a list of words reads better than as many quotes
# These look at what a value is, not into it, so that a macro or a loop may be asked too.
_SMALL_TESTS = frozenset(
    {"defined", "undefined", "callable", "mapping", "sequence", "iterable", "string", "sameas"}
)
_ESCAPES = ("e", "escape", "forceescape")

# The internal ones have names that no template can write.
TICK, CHARGE, CONCATENATE = "#tick", "#charge", "#concatenate"


@cache
def filters_for(kind: Kind) -> dict[str, Any]:
    """All filters for this kind of text: where nothing is HTML, escaping changes nothing."""
    theirs: Mapping[str, Any] = FILTERS
    made = {name: _charged(name, _OWN.get(name, theirs[name])) for name in _NAMES}
    if kind is not Kind.HTML:
        made |= {name: _charged(name, _unescaped) for name in _ESCAPES}
    return made | {TICK: tick, CHARGE: charged, CONCATENATE: concatenate}


@cache
def tests() -> dict[str, Any]:
    """All of Jinja2's tests; ``none`` is true for what is missing too, and those that compare are charged."""
    theirs: Mapping[str, Any] = TESTS
    small = {name: test for name, test in theirs.items() if name in _SMALL_TESTS}
    return {name: _charged("", test) for name, test in theirs.items()} | small | {"none": _is_none}


@pass_context
def tick(context: Context, cost: int) -> str:
    """One turn of a loop, or one call of a macro, whose own text is this long.

    Raises:
        LimitExceeded: No work is left.
    """
    scope_budget(context).spend(cost + LOOP_COST)
    return ""


@pass_context
def charged(context: Context, value: Any) -> Any:
    """The value, charged by its size before something is done with it.

    Raises:
        LimitExceeded: No work is left.
    """
    budget = scope_budget(context)
    if type(value) is str:  # as ``Budget.charge``, without another call
        budget.spend(len(value) + OPERATION_COST)
    else:
        budget.charge(value)
    return value


@pass_context
def concatenate(context: ReaderContext, parts: list[Any]) -> str:
    """Jinja2's ``~``: charged, and what is empty is noted as if it had been printed.

    Raises:
        LimitExceeded: No work is left.
    """
    context.scope.budget.charge(parts)
    for part in parts:
        if isinstance(part, Empty):
            context.scope.note(part)
    texts = [part if isinstance(part, str) else context.scope.shared.formatting.text(part) for part in parts]
    return markup_join(texts) if context.eval_ctx.autoescape else str_join(texts)


def _charged(name: str, function: Filter) -> Filter:
    """The function, charged by what goes in and what comes out; lazy results are drawn at once."""
    wants = getattr(function, "jinja_pass_arg", None)
    wanted = wants.name if wants is not None else ""

    @pass_context
    def run(context: Context, value: Any = None, *args: Any, **kwargs: Any) -> Any:
        charge(context, name, value, *args, *kwargs.values())
        first: tuple[Any, ...] = ()
        if wanted:
            first = (
                context if wanted == "context" else getattr(context, wanted.replace("_context", "_ctx")),
            )
        result = function(*first, value, *args, **kwargs)
        if isinstance(result, Iterator):
            result = list(_bounded(result))
        if not isinstance(result, str | bool | int | float):
            scope_budget(context).spend(weight(result, most=scope_budget(context).left))
        return result

    return run


def _bounded(items: Iterator[Any]) -> Iterator[Any]:
    for count, item in enumerate(items):
        if count >= MAX_RANGE:
            raise LimitExceeded("MAX_RANGE", MAX_RANGE, "elements from a filter")
        yield item


@pass_context
def _format(context: Context, template: Any, *args: Any, **kwargs: Any) -> str:
    check_format(context, template)
    return FILTERS["format"](template, *args, **kwargs)  # type: ignore[no-any-return]  # typed as a bare Callable


@pass_context
def _sum(context: Context, items: Any, attribute: str | int | None = None, start: float = 0) -> Any:
    """Of numbers only: adding up lists is quadratic."""
    if not isinstance(start, int | float):
        raise TypeError("sum adds numbers")
    return FILTERS["sum"](context.environment, items, attribute, start)


@pass_context
def _tojson(_: Context, value: Any, indent: int | None = None) -> Markup:
    return htmlsafe_json_dumps(value, dumps=_dumps, indent=indent)


def _dumps(value: Any, **options: Any) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False, **options)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Empty):
        return None
    raise TypeError("not a JSON value")


@pass_context
def _striptags(_: Context, value: Any) -> str:
    return Markup(str(value)).striptags()  # noqa: S704  # what comes out is text and escaped


def _unescaped(value: Any) -> Any:
    return value


def _is_none(value: Any) -> bool:
    return value is None or isinstance(value, Empty)


_OWN: Mapping[str, Filter] = {"format": _format, "sum": _sum, "tojson": _tojson, "striptags": _striptags}
