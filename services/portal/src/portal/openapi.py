"""What the OpenAPI document says of every route: how it fails, and that it wants a bearer token."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

PROBLEM: dict[str, Any] = {
    "description": "A problem document (RFC 9457); `code` is stable.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
# 422 by name, or FastAPI describes its own shape there, which we do not send
FAILURES: dict[int | str, dict[str, Any]] = {"4XX": PROBLEM, 422: PROBLEM, 503: PROBLEM}
BEARER = {"bearer": {"type": "http", "scheme": "bearer"}}
_TEXT = {"type": "string"}
_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {**_TEXT, "description": "for people, in the language asked for"},
        "code": {**_TEXT, "description": "stable, for programs"},
        "values": {"type": "object", "description": "what the detail names"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": _TEXT, "code": _TEXT, "detail": _TEXT},
            },
        },
    },
}


def install(app: FastAPI) -> None:
    """Complete the document that FastAPI makes."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, routes=app.routes)
            made.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _SCHEMA
            made["components"]["securitySchemes"] = BEARER
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way
