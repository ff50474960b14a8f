"""Bodies as they come in the cloud: since ``*/*`` is a binary media type of the stage, API Gateway encodes every one of them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
"""

import json
from typing import Any

import pytest
from chalice.local import LambdaContext

from app import app
from chalicelib.domain.public_tokens import TokenKind
from tests.fakes.gateway import answered, requested
from tests.routes.readers import Mailed
from tests.world import NO_TOKEN, Cloud, World

NAME = "Été à la plage ☀"
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


def encoded(
    method: str, path: str, values: dict[str, str], content_type: str, body: bytes, token: str
) -> tuple[int, Any]:
    """Call the app with API Gateway's event for a template of a path; answers status and JSON, or text."""
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    event = requested(
        method, path, values, headers={"Content-Type": content_type, **authorization}, body=body
    )
    return answered(app(event, LambdaContext("envoi-test-api", 128)))


def test_json_is_read(world: World) -> None:
    """Letters outside of ASCII, too."""
    body = json.dumps({"name": NAME}, ensure_ascii=False).encode()
    status, made = encoded("POST", "/v1/campaigns", {}, "application/json", body, world.token())
    assert (status, made["name"]) == (201, NAME)
    assert world.api("GET", f"/v1/campaigns/{made['id']}")[1]["name"] == NAME


@pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
def test_a_merge_patch_is_read(world: World, content_type: str) -> None:
    """Under both of its names."""
    made = world.api("POST", "/v1/campaigns", {"name": "Spring"})[1]
    path, values = "/v1/campaigns/{campaign_id}", {"campaign_id": made["id"]}
    body = json.dumps({"name": NAME}).encode()
    status, changed = encoded("PATCH", path, values, content_type, body, world.token())
    assert (status, changed["name"]) == (200, NAME)


def test_what_is_no_json_is_told(world: World) -> None:
    """As it is of a body that came in clear."""
    status, told = encoded("POST", "/v1/campaigns", {}, "application/json", b"\xff\xfe", world.token())
    assert (status, told["title"]) == (400, "Bad Request")


def test_a_form_is_read(world: World, cloud: Cloud) -> None:
    """The preferences page: out of everything."""
    mailed = Mailed(world, cloud)
    values = {"token": mailed.token(TokenKind.PREFERENCES)}
    form = "application/x-www-form-urlencoded"
    assert encoded("POST", "/p/{token}", values, form, b"all=off", NO_TOKEN)[0] == 200
    assert mailed.log() == [("Opted Out", True)]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", MULTIPART),
    ],
)
def test_one_click_unsubscribes(world: World, cloud: Cloud, content_type: str, body: bytes) -> None:
    """RFC 8058 section 3.2 lets mail programs send either."""
    mailed = Mailed(world, cloud)
    values = {"token": mailed.token(TokenKind.UNSUBSCRIBE)}
    assert encoded("POST", "/u/{token}", values, content_type, body, NO_TOKEN)[0] == 200
    assert mailed.log() == [("Opted Out", True)]
