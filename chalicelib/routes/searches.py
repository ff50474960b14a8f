"""How callers write a search: ``?where=<JSON>&orderBy=&order=``, or ``where`` in a body."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.domain.where_limits import MAX_BYTES
from chalicelib.errors import FieldError, Invalid
from chalicelib.routes.bodies import parsed

ITEMS_READ = "X-Items-Read"
"""The header that says how many items were looked at for a page."""

WhereText = Annotated[
    str,
    Meta(
        max_length=MAX_BYTES,
        description='A JSON list of items such as `{"type": "equals", "attribute": "status", "value": "New"}`',
    ),
]
Where = Annotated[
    list[Any],
    Meta(description="Items of which all must hold, as in the reference; `and`, `or` and `not` hold items."),
]
OrderBy = Literal["createdAt", "name"]
Order = Literal["asc", "desc"]


def read_where(text: str | None) -> Any:
    """The JSON of a query parameter; without one everybody is meant.

    Raises:
        Invalid: It is no JSON.
    """
    if text is None:
        return []
    try:
        return parsed(text.encode("utf-8", "surrogatepass"))
    except Invalid as invalid:
        raise Invalid(*(FieldError("where", error.message) for error in invalid.errors)) from invalid
