"""Expected failures as problem documents (RFC 9457): the only place where they become HTTP.

A part of an application that must fail in another shape says so by ``answer_otherwise``.
"""

import logging
from collections.abc import Iterable
from typing import Any, Protocol

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from kernel import errors, messages
from telemetry.metrics import UNEXPECTED_ERRORS
from web.metrics import route_template

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)

STATUS: dict[type[errors.PorticoError], int] = {
    errors.NotFoundError: 404,
    errors.InvalidError: 422,
    errors.UnauthenticatedError: 401,
    errors.ForbiddenError: 403,
    errors.ConflictError: 409,
    errors.GoneError: 410,
    errors.PreconditionFailedError: 412,
    errors.LimitReachedError: 402,
    errors.TooLargeError: 413,
    errors.TooManyRequestsError: 429,
    errors.UnavailableError: 503,
}
_CODE_OF_STATUS = {
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    416: "range-not-satisfiable",
    400: "invalid",
}


def install(app: FastAPI, catalogue: messages.Catalogue) -> None:
    """Answer every failure of the application with a problem document."""
    app.state.messages = catalogue
    app.state.shapes = {}
    app.add_exception_handler(errors.PorticoError, _expected)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(Exception, _unexpected)


class Shape(Protocol):
    """How failures of a part of the application look."""

    def expected(self, request: Request, error: errors.PorticoError) -> Response:
        """Render an expected failure."""
        ...

    def other(self, request: Request, status: int) -> Response:
        """Render what has no kind: no such route, a method not allowed, a defect of ours."""
        ...


def answer_otherwise(app: FastAPI, prefix: str, shape: Shape) -> None:
    """Answer failures below a path, the gate's included, in a shape of its own."""
    app.state.shapes[prefix] = shape


def document(
    *, status: int, code: str, detail: str, headers: dict[str, str] | None = None, **members: Any
) -> Response:
    """Return the response; ``members`` are extension members (RFC 9457 §3.2)."""
    body = {
        "type": f"urn:portico:problem:{code}",
        "title": code.replace("-", " ").replace(".", " "),
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }
    content = orjson.dumps(body, default=str)
    return Response(content, status, headers=headers, media_type=MEDIA_TYPE)


def respond(request: Request, error: errors.PorticoError) -> Response:
    """Render an expected failure in the language the caller reads."""
    shape = _shape_of(request)
    if shape is not None:
        return shape.expected(request, error)
    members: dict[str, Any] = {}
    if isinstance(error, errors.InvalidFieldsError):
        members["errors"] = [
            {"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in error.errors
        ]
    elif error.values:
        members["values"] = dict(error.values)
    headers = {}
    if isinstance(error, errors.TooManyRequestsError | errors.UnavailableError):
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, errors.UnauthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    detail = _text(request, error.code, error.values)
    return document(
        status=status_of(type(error)), code=error.code, detail=detail, headers=headers, **members
    )


def status_of(kind: type[errors.PorticoError]) -> int:
    """Return the status of the nearest kind; an error of no kind is a 500."""
    return next((STATUS[k] for k in kind.__mro__ if k in STATUS), 500)


def locale_of(request: Request) -> str:
    """Return the language to answer in: ``state.chosen_locale``, else the header, else the portal's."""
    state = request.scope.get("state", {})
    fallback = state.get("locale", messages.DEFAULT_LOCALE)
    header = request.headers.get("accept-language")
    chosen: str | None = state.get("chosen_locale")
    return chosen or messages.negotiate(header, fallback)


def _text(request: Request, code: str, values: Any) -> str:
    catalogue: messages.Catalogue = request.app.state.messages
    return catalogue.text(code, locale_of(request), values)


async def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.PorticoError)  # noqa: S101  # registered for this kind only
    return respond(request, error)


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this kind only
    detail = _text(request, "invalid-fields", {})
    return document(
        status=422, code="invalid-fields", detail=detail, errors=list(_fields(error.errors()))
    )


def _fields(found: Iterable[Any]) -> Iterable[dict[str, str]]:
    """Map pydantic's findings; the input itself is left out, it may be a password."""
    for item in found:
        where, *path = (str(part) for part in item["loc"])
        pointer = "/" + "/".join(path) if where == "body" else ".".join((where, *path))
        yield {"pointer": pointer, "code": item["type"], "detail": item["msg"]}


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this kind only
    shape = _shape_of(request)
    if shape is not None:
        return shape.other(request, error.status_code)
    code = _CODE_OF_STATUS.get(error.status_code, "invalid")
    return document(
        status=error.status_code,
        code=code,
        detail=_text(request, code, {"limit": ""}),
        headers=dict(error.headers or {}),
    )


async def _hung_up(request: Request, _: Exception) -> Response:
    """The caller left before the whole request was here: no defect of ours, and nobody reads this."""
    detail = _text(request, "invalid", {})
    return document(status=400, code="invalid", detail=detail)


async def _unexpected(request: Request, error: Exception) -> Response:
    route = route_template(request.scope)
    UNEXPECTED_ERRORS.labels(route).inc()
    _log.error("unexpected error", exc_info=error, extra={"route": route})
    shape = _shape_of(request)
    if shape is not None:
        return shape.other(request, 500)
    return document(status=500, code="internal", detail=_text(request, "internal", {}))


def _shape_of(request: Request) -> Shape | None:
    shapes: dict[str, Shape] = request.app.state.shapes
    path: str = request.scope["path"]
    return next((shape for prefix, shape in shapes.items() if path.startswith(prefix)), None)
