"""Routes: a view is a plain function whose signature is the contract.

::

    from chalicelib.routes.answers import RecordAnswer, Listing
    from chalicelib.routes.blueprint import EnvoiBlueprint
    from chalicelib.routes.bodies import Body, Listed, Name, Text
    from chalicelib.routes.calls import Call
    from chalicelib.routes.reading import Patch
    from chalicelib.wiring import current

    blueprint = EnvoiBlueprint(__name__)            # app.py: app.register_blueprint(widgets.blueprint)

    class WidgetFields(Body):                       # POST reads it whole, PATCH reads any part of it
        name: Name                                  # no default: required
        description: Text | None = None
        colour: Colour = Colour.RED                 # PATCH {"colour": null} puts the default back

    class WidgetAnswer(RecordAnswer):               # id, createdAt, modifiedAt, etag and
        name: str
        description: str | None
        colour: Colour

    class WidgetSearch(Listed):                     # ?limit=&cursor= and
        colour: Colour | None = None

    @blueprint.route("/v1/widgets", methods=["POST"], role=Role.EDITOR)
    def create(call: Call, body: WidgetFields) -> WidgetAnswer:
        '''Make a widget.'''                        # the first line is the summary in OpenAPI
        return WidgetAnswer.of(current().widgets.create(**structs.asdict(body)))

    @blueprint.route("/v1/widgets", role=Role.VIEWER)
    def search(call: Call, query: WidgetSearch) -> Listing[WidgetAnswer]:
        page = current().widgets.page(limit=query.limit, start=call.start, equals={"colour": query.colour})
        return call.listing(page, WidgetAnswer.of)

    @blueprint.route("/v1/widgets/{widget_id}", methods=["PATCH"], role=Role.EDITOR)
    def change(widget_id: str, body: Patch[WidgetFields], if_match: IfMatch) -> WidgetAnswer:
        return WidgetAnswer.of(current().widgets.change(widget_id, body.changes, if_match=if_match))

Parameters are bound by name and type: ``Call``, the path's names, ``body`` (a :class:`Body` or ``Patch`` of one), ``query``,
``IfMatch`` (the versions that the caller accepts).
A path name that ends in ``_id`` is an id or 404. Raise what ``errors.py`` has; ``Invalid`` for a field of the body. Status:
201 for POST, 204 for DELETE, else 200, or ``status=``; ``Sent(value, status, headers)`` where it depends. ``role=None`` is public:
no token, no check of query parameters, the view reads ``call.body`` itself and may answer with a Chalice ``Response``
(HTML, redirects) or ``BinaryResponse``. An ``Idempotency-Key`` on POST is seen to; ``secrets`` are fields of the
answer (camelCase) that a repeated answer does not show again; with ``reread`` nothing of an answer is kept, and a repeat reads
what was made once more.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from chalice.app import Blueprint, Request, Response
from msgspec import Struct

from chalicelib import logs
from chalicelib.domain.ids import is_id
from chalicelib.domain.records import Role
from chalicelib.errors import EnvoiError, FieldError, Invalid, NotFound
from chalicelib.routes.access import admit, gateway_check
from chalicelib.routes.answers import Sent, json_response
from chalicelib.routes.bodies import parsed
from chalicelib.routes.calls import Call
from chalicelib.routes.contracts import Contract
from chalicelib.routes.outages import outage
from chalicelib.routes.problems import problem, problem_from_chalice, problem_of
from chalicelib.routes.reading import read, read_patch
from chalicelib.routes.repeats import once

_request: ContextVar[Request] = ContextVar("request")
"""Chalice keeps the request on the app, where the threads of its local server overwrite each other's."""


def around_every_call(request: Request, go_on: Callable[[Request], Response]) -> Response:
    """The middleware of all HTTP calls: no exception and no answer of Chalice's own passes as it is."""
    _request.set(request)
    try:
        return problem_from_chalice(go_on(request))
    except Exception as error:  # noqa: BLE001 - the last door: whatever it is, the caller gets problem+json
        logs.trouble("callFailed", error)
        return problem(500, "something went wrong here; it has been noted")


class EnvoiBlueprint(Blueprint):
    """A Chalice blueprint whose routes keep the conventions of the API.

    Each of Chalice's view functions bears its ``contract``: what OpenAPI is made from.
    """

    def route(  # type: ignore[override]  # a narrower set of options than Chalice's **kwargs
        self,
        path: str,
        *,
        role: Role | None,
        methods: Sequence[str] = ("GET",),
        status: int | None = None,
        content_types: Sequence[str] | None = None,
        secrets: Sequence[str] = (),
        reread: Callable[[str], Any] | None = None,
        answers: Mapping[int, Any] | None = None,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a view; see the module.

        Args:
            path: API Gateway's template: ``{name}`` for one part, the same name for all paths with the same beginning.
            role: The least role that may call, or None for public.
            methods: Mostly one.
            status: Of the answer, where it is not the usual one of the method.
            content_types: What the body may be; without it JSON (and merge-patch+json) where there is a body, else anything.
            secrets: Fields of the answer, at any depth, that an Idempotency-Key does not repeat.
            reread: Answers for the id of what this route made; then an Idempotency-Key keeps no more than where that is.
            answers: What else it may answer, by status, or all of it where the view makes its own ``Response``: a type, a
                content type for what is no JSON, None for no body. What every route may answer is known already.
        """

        def declare(view: Callable[..., Any]) -> Callable[..., Any]:
            contract = Contract.of(
                view,
                path=path,
                methods=tuple(methods),
                role=role,
                status=status,
                secrets=tuple(secrets),
                reread=reread,
                answers=answers,
            )

            def answer_call(**path_values: str) -> Response:
                return _answered(contract, view, _request.get(), path_values)

            answer_call.__name__ = view.__name__
            answer_call.__dict__["contract"] = contract
            register = super(EnvoiBlueprint, self).route(
                path,
                methods=list(methods),
                content_types=list(contract.content_types if content_types is None else content_types),
                # A view's name alone could be a function's too (``release``), and would take its place in Chalice's map.
                name=f"{view.__module__}.{view.__name__}",
                authorizer=None if role is None else gateway_check(),
            )
            register(answer_call)
            return view

        return declare


def _answered(
    contract: Contract, view: Callable[..., Any], request: Request, path_values: Mapping[str, str]
) -> Response:
    """Call the view; whatever it raises becomes an answer here, for Chalice would write its own."""
    try:
        return _called(contract, view, request, path_values)
    except EnvoiError as error:
        return problem_of(error)
    except Exception as error:  # noqa: BLE001 - what nobody foresaw: noted, and nothing of it told
        logs.trouble("viewFailed", error, view=contract.name)
        deferred = outage(error)
        if deferred is not None:
            return problem_of(deferred)
        return problem(500, "something went wrong here; it has been noted")


def _called(
    contract: Contract, view: Callable[..., Any], request: Request, path_values: Mapping[str, str]
) -> Response:
    call = Call.of(request, _filled(contract.path, path_values))
    if contract.role is None:
        return _response(contract, call, view(**_arguments(contract, call, path_values)))
    call = replace(call, caller=admit(call, contract.role))

    def run() -> Response:
        return _response(contract, call, view(**_arguments(contract, call, path_values)))

    if contract.reread is None:
        return once(call, contract.secrets, run)
    reread = contract.reread
    return once(call, contract.secrets, run, lambda made_id: _response(contract, call, reread(made_id)))


def _arguments(contract: Contract, call: Call, path_values: Mapping[str, str]) -> dict[str, Any]:
    for name, value in path_values.items():
        if name.endswith("_id") and not is_id(value):
            raise NotFound("no such thing")
    arguments: dict[str, Any] = {name: path_values[name] for name in contract.path_names}
    if contract.call_name is not None:
        arguments[contract.call_name] = call
    if contract.if_match_name is not None:
        arguments[contract.if_match_name] = call.if_match
    if contract.role is not None or contract.query is not None:
        query = _query(contract.query, call)
        arguments |= {"query": query} if contract.query is not None else {}
    if contract.body is not None:
        values = parsed(call.body)
        arguments["body"] = (read_patch if contract.is_patch else read)(contract.body, values)
    return arguments


def _query(kind: type[Struct] | None, call: Call) -> Struct | None:
    twice = [FieldError(name, "is there twice") for name, values in call.query.items() if len(values) > 1]
    if twice:
        raise Invalid(*twice)
    if kind is not None:
        return read(kind, {name: values[0] for name, values in call.query.items()}, strict=False)
    unknown = [FieldError(name, "unknown parameter") for name in call.query]
    if unknown:
        raise Invalid(*unknown)
    return None


def _response(contract: Contract, call: Call, answered: Any) -> Response:
    if isinstance(answered, Response):
        return answered
    sent = answered if isinstance(answered, Sent) else Sent(answered)
    status = sent.status or contract.status
    headers = dict(sent.headers)
    etag = getattr(sent.value, "etag", None)
    if etag is not None:
        headers.setdefault("ETag", f'"{etag}"')
    made_id = getattr(sent.value, "id", None)
    if status == 201 and made_id is not None and "{" not in contract.path:  # noqa: PLR2004 - Created
        headers.setdefault("Location", f"{call.path}/{made_id}")
    return json_response(sent.value, status, headers)


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template
