"""Parses and compiles users' templates; whatever goes wrong is told by field and line."""

from typing import NoReturn

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError

from chalicelib.domain.message import RenderError
from chalicelib.errors import FieldError, Invalid
from chalicelib.rendering.instrument import instrument
from chalicelib.rendering.limits import MAX_CONSTRUCTS, MAX_DEPTH, LimitExceeded
from chalicelib.rendering.sandbox import sandbox
from chalicelib.rendering.shared import Kind
from chalicelib.rendering.source import Piece, PieceKind, read

# What Python raises, beside Jinja2's own error, for templates that are too deep or hold impossible numbers.
_UNCOMPILABLE = (RecursionError, MemoryError, ValueError, SyntaxError, OverflowError)


def pieces_of(kind: Kind, field: str, source: str) -> tuple[Piece, ...]:
    """Read the source.

    Raises:
        Invalid: It cannot be read, or holds more constructs than the named limit.
    """
    try:
        pieces = read(source, sandbox(kind))
    except TemplateSyntaxError as error:
        _refuse(field, error)
    if sum(piece.kind in {PieceKind.EXPRESSION, PieceKind.STATEMENT} for piece in pieces) > MAX_CONSTRUCTS:
        raise Invalid.of(
            field, f"exceeds the limit MAX_CONSTRUCTS of {MAX_CONSTRUCTS:,} placeholders and Jinja2 tags"
        )
    return pieces


def parse(kind: Kind, field: str, source: str) -> nodes.Template:
    """Parse Jinja2 source.

    Raises:
        Invalid: It is not well formed, or nested too deeply.
    """
    try:
        template = sandbox(kind).parse(source)
    except TemplateSyntaxError as error:
        _refuse(field, error)
    except _UNCOMPILABLE as error:
        raise _uncompilable(field, error) from error
    if _is_deeper(template, MAX_DEPTH):
        raise Invalid.of(field, f"is nested more deeply than the limit MAX_DEPTH of {MAX_DEPTH} levels")
    return template


def compile_nodes(kind: Kind, field: str, template: nodes.Template) -> Template:
    """Compile a parsed template, every operation charged.

    Raises:
        Invalid: It uses what does not exist, or is nested too deeply.
    """
    environment = sandbox(kind)
    try:
        template.set_environment(environment)
        code = environment.compile(instrument(template), filename=f"<{field}>")
    except TemplateSyntaxError as error:
        _refuse(field, error)
    except _UNCOMPILABLE as error:
        raise _uncompilable(field, error) from error
    return Template.from_code(environment, code, environment.globals)


def render_error(field: str, line: int | None, error: Exception) -> RenderError:
    """What to tell of an error while rendering: where, and what kind; never the data."""
    where = f"{field}, line {line}" if line else field
    is_ours = isinstance(error, LimitExceeded | SecurityError)
    return RenderError(f"{where}: {error if is_ours else type(error).__name__}")


def line_of(template: Template | None, error: Exception) -> int | None:
    """The template's line of the innermost frame that is the template's own code."""
    found, trace = None, error.__traceback__
    while template is not None and trace is not None:
        if trace.tb_frame.f_globals.get("__jinja_template__") is template:
            found = trace.tb_lineno
        trace = trace.tb_next
    return template.get_corresponding_lineno(found) if template is not None and found else None


def _is_deeper(template: nodes.Template, most: int) -> bool:
    """Walks level by level: Jinja2's own walks need Python's stack."""
    level: list[nodes.Node] = [template]
    for _ in range(most):
        level = [child for node in level for child in node.iter_child_nodes()]
    return bool(level)


def _refuse(field: str, error: TemplateSyntaxError) -> NoReturn:
    raise Invalid(FieldError(field, f"line {error.lineno}: {error.message}")) from error


def _uncompilable(field: str, error: BaseException) -> Invalid:
    deep = isinstance(error, RecursionError | MemoryError | SyntaxError)
    return Invalid.of(field, "is nested too deeply" if deep else "holds a number that is too large")
