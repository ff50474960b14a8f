"""The API's page: whatever a document says is there, escaped, and every link leads to something on the page."""

import base64
import hashlib
import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.rendering.reference import chapters, page, types
from tests.rendering.test_pages import EVIL, Outline

CAT = {
    "type": "object",
    "description": "A cat.",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 9},
        "colour": {"$ref": "#/components/schemas/Colour", "default": "red"},
    },
}


def document(**operation: Any) -> dict[str, Any]:
    """One operation in a document of its own."""
    told = {
        "operationId": "addCat",
        "summary": "Add ``a`` cat",
        "tags": ["Cats"],
        "parameters": [],
        **operation,
    }
    return {
        "info": {"title": "Envoi", "description": "About **it**."},
        "servers": [{"url": "/api"}],
        "tags": [{"name": "Cats"}, {"name": "Unused"}],
        "paths": {"/v1/cats": {"post": {"responses": {}, **told}}},
        "components": {"schemas": {"Cat": CAT, "Colour": {"enum": ["red", "blue"]}}},
    }


def said(schema: dict[str, Any]) -> str:
    """What a parameter of this type is said to be."""
    parameter = {"name": "p", "in": "query", "schema": schema}
    [chapter] = chapters(document(parameters=[parameter]))
    return "".join(word.text for word in chapter.operations[0].parameters[0].kind)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "maxLength": 17, "pattern": "^[0-9a-f]{17}$"}, "id"),
        ({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}, "time or null"),
        (
            {"type": "array", "items": {"$ref": "#/components/schemas/Cat"}, "maxItems": 5},
            "list of Cat (at most 5)",
        ),
        (
            {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
            "integer (1 to 200, 50 if left out)",
        ),
        ({"type": "boolean", "default": False}, "boolean (false if left out)"),
        ({"type": "string", "minLength": 1}, "string (at least 1 characters)"),
        ({"enum": ["a", "b"]}, "a, b"),
        ({"const": "true"}, "true"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
        ({"type": "object", "additionalProperties": False}, "object"),
        ({}, "anything"),
    ],
)
def test_types_are_told_in_words(schema: dict[str, Any], words: str) -> None:
    """As short as they can be."""
    assert said(schema) == words


def test_the_body_is_told_field_by_field() -> None:
    """With what is required, and named types lead to where they stand."""
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Cat"}}}}
    [chapter] = chapters(document(requestBody=body, **{"x-role": "editor"}))
    [operation] = chapter.operations
    assert (operation.method, operation.path, operation.role) == ("POST", "/v1/cats", "editor")
    assert [(field.name, field.is_required) for field in operation.fields] == [
        ("name", True),
        ("colour", False),
    ]
    assert operation.fields[1].kind[0].anchor == "type-Colour"
    assert [each.name for each in types(document())] == ["Cat", "Colour"]


def test_references_are_followed() -> None:
    """A shared parameter is told as if it stood there."""
    made = document(parameters=[{"$ref": "#/components/parameters/shared"}])
    made["components"]["parameters"] = {
        "shared": {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer"}}
    }
    [chapter] = chapters(made)
    [parameter] = chapter.operations[0].parameters
    assert (parameter.name, parameter.place, parameter.is_required) == ("limit", "query", True)


def test_only_its_own_style_sheet_is_let_in() -> None:
    """No script, nothing from elsewhere; the policy names the hash of the style that is there."""
    made = page(document())
    outline = Outline(made.html)
    assert not {"script", "img", "link", "iframe", "object", "form"} & {tag for tag, _ in outline.tags}
    assert "url(" not in made.html
    assert 'style="' not in made.html
    [style] = re.findall(r"<style>(.*?)</style>", made.html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = made.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).map(str.strip))
def test_nothing_in_a_document_becomes_markup(text: str) -> None:
    """Names, paths and words are text, whatever they hold."""
    made = document(summary=f"{EVIL}{text}", operationId=f"a{text}")
    made["info"]["title"] = f"{EVIL}{text}"
    html = page(made).html
    assert "<script" not in html
    assert f"{EVIL}{text}" in unescape(html)
