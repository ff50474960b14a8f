"""The operations of the document, and what must hold of every answer to them, however odd the call."""

import json
import os
from http import HTTPStatus
from typing import Any

import schemathesis
from schemathesis import Case
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

import app  # noqa: F401 - the routes are the document
from chalicelib.routes.openapi import described
from tests.conforming import promises
from tests.fuzz.aftermath import live_on, reread
from tests.fuzz.door import Door
from tests.fuzz.stage import FuzzStage

load_all_checks()
DOCUMENT = described("")
SCHEMA = schemathesis.openapi.from_dict(described(""))  # it rewrites what it is given
SCHEMA.config.generation.with_security_parameters = False  # who may call what is test_access.py's matter
OPERATIONS: dict[str, Any] = {
    operation.label: operation
    for operation in (found.ok() for found in SCHEMA.get_all_operations())  # type: ignore[union-attr]  # never Err
}
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
"""Not among them is that what fits the schema is accepted: some rules no schema can tell."""

EXAMPLES = int(
    os.environ.get("FUZZ_EXAMPLES", "5")
)  # random calls of each operation, right ones and wrong ones
BROKEN = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})


def can_be_wrong(operation: Any) -> bool:
    """Whether a call can break its schema at all: the public ones take any token, and do not look at the query."""
    return any(
        "pattern" in json.dumps(each.definition) or each.location != "path"
        for each in operation.iter_parameters()
    ) or bool(operation.body)


def ask(case: Case[Any], stage: FuzzStage, *, hour_passes: bool) -> int:
    """Send a case and judge the answer and, if it changed something, what comes after. Answers the status.

    What it changed is put back; before that, the functions may have an hour.

    Raises:
        AssertionError: The answer is a 500, 502 or 504, or not as promised.
        FailureGroup: Likewise, in schemathesis's words, with the curl command that shows it.
        Exception: Whatever a function fails with.
    """
    response = case.call(app=Door(stage), headers={"Authorization": f"Bearer {stage.token}"})
    status = response.status_code
    assert status not in BROKEN, case.as_curl_command()
    headers = {name: values[0] for name, values in response.headers.items()}
    assert status != HTTPStatus.SERVICE_UNAVAILABLE or "retry-after" in headers, case.as_curl_command()
    case.validate_response(response, checks=CHECKS)
    is_json = "json" in headers.get("content-type", "")
    body = response.json() if is_json and response.content else response.content
    promises().check(case.method, case.formatted_path, status, headers, body)
    if case.method not in ("GET", "HEAD") and status < HTTPStatus.BAD_REQUEST:
        reread(case, response, stage)
        if hour_passes:
            live_on(stage)
        stage.restore()
    return status
