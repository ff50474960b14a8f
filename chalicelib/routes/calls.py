"""One HTTP call, as a view sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from chalice.app import Request

from chalicelib.domain.etags import IfMatch
from chalicelib.domain.ports import Page
from chalicelib.domain.principals import Principal
from chalicelib.errors import Unauthorized
from chalicelib.routes.answers import Listing
from chalicelib.routes.cursors import seal, unseal
from chalicelib.routes.problems import NO_TOKEN
from chalicelib.wiring import current

T = TypeVar("T")
V = TypeVar("V")
_PAGING = frozenset({"cursor", "limit"})


@dataclass(frozen=True)
class Call:
    """Method, path and what came with it; ``headers`` have lower-case names, ``query`` all values of a parameter.

    ``whole_path`` is the path as API Gateway got it, with its stage. ``claims`` are those of an identity token that it verified;
    they count only where the stage has a user pool.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: bytes
    source_ip: str = ""
    whole_path: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    caller: Principal | None = None

    @classmethod
    def of(cls, request: Request, path: str) -> "Call":
        """From Chalice's request; ``path`` is the real one."""
        query = request.query_params
        raw = request.raw_body or b""
        return cls(
            method=request.method,
            path=path,
            headers={name.lower(): value for name, value in request.headers.items()},
            query={name: query.getlist(name) for name in query} if query else {},
            body=raw if isinstance(raw, bytes) else raw.encode("utf-8"),
            source_ip=request.context.get("identity", {}).get("sourceIp") or "",
            whole_path=request.context.get("path") or "",
            claims=(request.context.get("authorizer") or {}).get("claims") or {},
        )

    @property
    def site(self) -> str:
        """What precedes our paths: API Gateway's stage (``/api``), or nothing behind a domain of one's own."""
        return self.whole_path.removesuffix(self.path) if self.whole_path.endswith(self.path) else ""

    @property
    def principal(self) -> Principal:
        """Who calls; views of routes with a role always have one."""
        if self.caller is None:
            raise Unauthorized(NO_TOKEN)
        return self.caller

    @property
    def if_match(self) -> IfMatch:
        """The versions that the caller accepts, for the flow to check: ``if_match.check(record.rev)``."""
        return IfMatch.of(self.headers.get("if-match"))

    @property
    def start(self) -> str | None:
        """Where the page begins that the caller asks for: ``Page.next_key`` of the one before.

        Raises:
            Invalid: The cursor is forged, or of another path or search.
        """
        cursors = self.query.get("cursor")
        return unseal(cursors[0], self._search, current().key_ring.ring()) if cursors else None

    def listing(self, page: Page[T], answer: Callable[[T], V]) -> Listing[V]:
        """One page as it is answered, with a cursor for the next one."""
        cursor = None
        if page.next_key is not None:
            cursor = seal(page.next_key, self._search, current().key_ring.ring())
        return Listing(items=[answer(item) for item in page.items], next_cursor=cursor)

    @cached_property
    def _search(self) -> str:
        """The same list and filters, whatever the order of the parameters; the size of a page may change."""
        pairs = sorted(
            (name, value) for name, values in self.query.items() if name not in _PAGING for value in values
        )
        return f"{self.path}?{urlencode(pairs)}"
