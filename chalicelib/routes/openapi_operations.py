"""One route as an operation of OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.1.html#operation-object."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from chalicelib.routes.contracts import Contract
from chalicelib.routes.openapi_schemas import Schemas, without_null
from chalicelib.routes.openapi_shared import PARAMETERS, REFUSALS, refusal_name
from chalicelib.routes.problems import CONTENT_TYPE, Problem

Part = dict[str, Any]
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SHARED = {each["name"]: name for name, each in PARAMETERS.items() if each["in"] == "query"}
_OWN_WORDS: Mapping[int, str] = {
    200: "Done.",
    201: "Made.",
    202: "Taken up: a job goes on with it.",
    204: "Done; there is nothing to say.",
    302: "Elsewhere.",
    404: "A page that says nothing.",
    503: "Not now.",
}


def operation(method: str, contract: Contract, tag: str, schemas: Schemas) -> Part:
    """What a caller must know of one method of one path."""
    made: Part = {
        "operationId": _operation_id(method, contract),
        "summary": contract.summary.rstrip("."),
        "tags": [tag],
        "parameters": list(_parameters(method, contract, schemas)),
        "responses": _responses(method, contract, schemas),
    }
    if contract.role is None:
        return {**made, "security": []}
    made |= {"security": [{"token": []}], "x-role": str(contract.role)}
    if contract.body is None:
        return made
    return {**made, "requestBody": _request_body(contract.body, contract, schemas)}


def camel(name: str) -> str:
    """``mass_email_id`` is ``massEmailId``."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _operation_id(method: str, contract: Contract) -> str:
    own = camel(contract.name.rpartition(".")[2])
    return own if method == contract.methods[0] else f"{own}{method.title()}"


def _parameters(method: str, contract: Contract, schemas: Schemas) -> Iterator[Part]:
    for name in contract.path_names:
        of_id = {"type": "string", "pattern": "^[0-9a-f]{17}$"}
        schema = of_id if name.endswith("_id") else {"type": "string", "minLength": 1}
        yield {"name": camel(name), "in": "path", "required": True, "schema": schema}
    if contract.query is not None:
        required = schemas.required(contract.query)
        for name, schema in schemas.properties(contract.query).items():
            yield _query_parameter(name, schema, is_required=name in required)
    if contract.if_match_name is not None:
        yield _shared("ifMatch")
    if method == "POST" and contract.role is not None:
        yield _shared("idempotencyKey")


def _query_parameter(name: str, schema: Mapping[str, Any], *, is_required: bool) -> Part:
    if name in _SHARED:
        return _shared(_SHARED[name])
    bare = without_null(dict(schema))
    told = {key: part for key, part in bare.items() if key != "default" or part is not None}
    return {"name": name, "in": "query", **({"required": True} if is_required else {}), "schema": told}


def _shared(name: str) -> Part:
    return {"$ref": f"#/components/parameters/{name}"}


def _request_body(body: type[Struct], contract: Contract, schemas: Schemas) -> Part:
    schema = schemas.patch_of(body) if contract.is_patch else schemas.of(body)
    is_required = not contract.is_patch and bool(schemas.required(body))
    return {
        "required": is_required,
        "content": {content_type: {"schema": schema} for content_type in contract.content_types},
    }


def _responses(method: str, contract: Contract, schemas: Schemas) -> Part:
    refused = {
        status: {"$ref": f"#/components/responses/{refusal_name(status)}"}
        for status in _refusals(method, contract)
    }
    own = {
        status: _answer(method, status, value, contract, schemas)
        for status, value in contract.answers.items()
        if value is not Problem
    }
    return {str(status): own.get(status) or refused[status] for status in sorted({*refused, *own})}


def _refusals(method: str, contract: Contract) -> Iterator[int]:
    """The refusals that follow from what a route is."""
    yield from (status for status, value in contract.answers.items() if value is Problem)
    if contract.role is None:
        return
    yield from (400, 401, 403, 429, 503)
    if contract.path_names:
        yield 404
    if method in _WRITES:
        yield 409
    if contract.if_match_name is not None:
        yield 412
    if contract.body is not None:
        yield from (413, 415)


def _answer(method: str, status: int, value: Any, contract: Contract, schemas: Schemas) -> Part:
    made: Part = {"description": _OWN_WORDS.get(status) or REFUSALS[status]}
    headers = list(_headers(method, status, value, contract, schemas))
    if headers:
        made["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    if value is None or method == "HEAD":
        return made
    if isinstance(value, str):
        made["content"] = {value.partition(";")[0]: {"schema": {"type": "string"}}}
    else:
        made["content"] = {"application/json": {"schema": schemas.of(value)}}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        made["content"][CONTENT_TYPE] = {"schema": schemas.of(Problem)}
    return made


def _headers(method: str, status: int, value: Any, contract: Contract, schemas: Schemas) -> Iterator[str]:
    """Those that ``blueprint.py`` puts there."""
    fields = schemas.fields(value)
    if "etag" in fields:
        yield "ETag"
    if status == HTTPStatus.FOUND or (
        status == HTTPStatus.CREATED and "id" in fields and "{" not in contract.path
    ):
        yield "Location"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        yield "Retry-After"
    if method == "POST" and contract.role is not None:
        yield "Idempotent-Replayed"
