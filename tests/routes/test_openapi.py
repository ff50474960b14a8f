"""The API's own document: valid, whole, in one order, and told in the names that callers use."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jsonschema_rs
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.routes import openapi
from chalicelib.routes.contracts import Contract
from chalicelib.routes.openapi_shared import PARAMETERS, REFUSALS
from chalicelib.routes.problems import STATUSES
from tests.world import NO_TOKEN, World

ROOT = Path(__file__).parents[2]
DOCUMENT = openapi.described("")
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
MOST_BYTES = 400_000  # an answer of Lambda may have 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
METHODS = {"get", "post", "put", "patch", "delete", "head"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & item.keys():
            yield method.upper(), path, item[method]


def contracts() -> Iterator[tuple[str, Contract]]:
    """Every route of the app."""
    for by_method in app.routes.values():
        for method, entry in by_method.items():
            yield method, entry.view_function.__dict__["contract"]


def in_camel(path: str) -> str:
    """A path as the document writes it."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), path)


def test_it_is_served_to_everybody(world: World) -> None:
    """Without a token, the same twice, and caches may keep it for a while."""
    first, second = (world.http("GET", "/v1/openapi.json", token=NO_TOKEN) for _ in range(2))
    assert first.status == HTTPStatus.OK
    assert first.body == second.body == json.loads(json.dumps(DOCUMENT))
    assert first.headers["Cache-Control"] == "public, max-age=300"


def test_the_server_is_where_the_paths_begin() -> None:
    """Behind API Gateway's own domain the stage precedes every path."""
    assert openapi.described("")["servers"] == [{"url": "/"}]
    assert openapi.described("/api")["servers"] == [{"url": "/api"}]


def test_it_is_valid() -> None:
    """By the meta-schema of OpenAPI 3.1, with all its references."""
    assert DOCUMENT["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_it_has_every_route_and_no_other() -> None:
    """Method by method; a route that is added is described without anybody's doing."""
    ours = {(method, in_camel(contract.path)) for method, contract in contracts()}
    assert {(method, path) for method, path, _ in operations()} == ours


def test_each_operation_has_a_name_of_its_own() -> None:
    """Programs are made with these as the names of functions."""
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z][A-Za-z0-9]+", name)] == []


def test_each_operation_says_what_it_does() -> None:
    """In one line, under one heading that exists."""
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for _, path, operation in operations():
        assert operation["summary"], path
        assert set(operation["tags"]) < tags
    assert {tag for _, _, operation in operations() for tag in operation["tags"]} == tags


def test_the_needed_role_is_told() -> None:
    """A token and its role where one is needed, and expressly none where not."""
    told = {(method, path): operation for method, path, operation in operations()}
    for method, contract in contracts():
        operation = told[method, in_camel(contract.path)]
        assert operation.get("x-role") == contract.role
        assert bool(operation["security"]) == (contract.role is not None)


def test_names_are_camel_case() -> None:
    """Every field of every schema, and every parameter but the headers."""
    names = {name for schema in SCHEMAS.values() for name in schema.get("properties", ())}
    names |= {each["name"] for each in PARAMETERS.values() if each["in"] != "header"}
    names |= {
        each["name"] for _, _, operation in operations() for each in operation["parameters"] if "name" in each
    }
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z0-9][a-z0-9]*)*", name)] == []


def test_schemas_have_names_of_their_own_and_are_all_used() -> None:
    """No two types become one by losing the ends of their names, and nothing is left over."""
    text = json.dumps(DOCUMENT)
    used = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert used == set(SCHEMAS)
    for kind in ("responses", "parameters", "headers"):
        referred = set(re.findall(rf'"#/components/{kind}/([\w-]+)"', text))
        assert referred == set(DOCUMENT["components"][kind])


def test_every_error_can_be_told() -> None:
    """Whatever the routes make of an error of ours has its words here."""
    assert {int(status) for status in STATUSES.values()} - {422} <= set(REFUSALS)


def test_what_must_be_waited_for_says_how_long() -> None:
    """Every 503 and 429 has Retry-After."""
    for _, path, operation in operations():
        for status in {"429", "503"} & operation["responses"].keys():
            response = operation["responses"][status]
            if "$ref" in response:
                response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
            assert "Retry-After" in response["headers"], path


def test_requests_are_closed_and_answers_are_whole() -> None:
    """An unknown field of a request is refused; no field of an answer is ever left out."""
    sent = set(re.findall(r"\w+", " ".join(_request_names())))
    for name, schema in SCHEMAS.items():
        if "properties" not in schema:
            continue
        if name in sent:
            assert schema["additionalProperties"] is False, name
            continue
        assert set(schema["required"]) == set(schema["properties"]), name


def test_examples_are_what_their_schemas_say() -> None:
    """Each type's own."""
    shown = {name: schema["examples"][0] for name, schema in SCHEMAS.items() if "examples" in schema}
    assert shown
    for name, example in shown.items():
        validator = jsonschema_rs.Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}},
            validate_formats=True,
        )
        faults = [
            f"{name}: {fault.instance_path} {fault.message}" for fault in validator.iter_errors(example)
        ]
        assert faults == []


def test_it_is_the_same_in_every_process() -> None:
    """Two versions can be compared, and caches agree: no set's order shows."""
    program = (
        "import app, json; from chalicelib.routes import openapi; print(json.dumps(openapi.described('')))"
    )
    for seed in ("1", "2"):
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout.strip() == json.dumps(DOCUMENT)


def test_it_is_small_enough_to_be_read() -> None:
    """A browser and a code generator take it in one piece."""
    assert len(json.dumps(DOCUMENT)) < MOST_BYTES


def test_versions_are_minded_in_one_way() -> None:
    """By the view's parameter: a view that read ``call.if_match`` itself would be missing from the document."""
    for file in sorted((ROOT / "chalicelib" / "routes").glob("*.py")):
        if file.name != "blueprint.py":
            assert "call.if_match" not in file.read_text(encoding="utf-8"), file.name


def test_views_of_their_own_responses_say_what_they_answer() -> None:
    """Such a view has no type to tell it by."""
    assert [contract.path for _, contract in contracts() if not contract.answers] == []


def _request_names() -> Iterator[str]:
    """The schemas that bodies are made of, and those within them."""
    seen: set[str] = set()
    waiting = [operation["requestBody"] for _, _, operation in operations() if "requestBody" in operation]
    while waiting:
        for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(waiting.pop())):
            if name not in seen:
                seen.add(name)
                waiting.append(SCHEMAS[name])
    yield from seen
