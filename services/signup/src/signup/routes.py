"""``POST /api/v1/signup``: read, limit, one call, render."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response, status

from kernel import messages
from kernel.errors import PorticoError
from signup import body, form, idempotency
from signup.answers import SignupOut
from signup.form import Rules, SignupIn
from signup.limiter import Limiter
from signup.metrics import SECONDS, SIGNUPS
from signup.patience import patiently
from signup.service import Signup
from web import client

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Desk:
    """What the route needs; ``proxies`` are addresses whose ``X-Forwarded-For`` is believed."""

    rules: Rules
    body_bytes: int
    proxies: frozenset[str]
    limiter: Limiter
    signup: Signup


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    409: {"description": "The host name is taken."},
    413: {"description": "The body is too large."},
    422: {"description": "Fields are wrong, each is named; or the key belongs to another body."},
    429: {"description": "Too many sign-ups from this address in a minute."},
    503: {"description": "Not now; `signup-pending`: it goes on, repeat with the same key."},
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SignupIn.model_json_schema()}},
    },
    "parameters": [
        {"in": "header", "name": idempotency.HEADER, "schema": {"type": "string", "maxLength": 255}}
    ],
}


@router.post(
    "/api/v1/signup",
    status_code=status.HTTP_201_CREATED,
    response_model=SignupOut,
    responses=_PROBLEMS,
    openapi_extra=_BODY,
    summary="Register a portal and its first administrator",
)
async def sign_up(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    with _measured() as measured:
        content = await body.read(request, limit=desk.body_bytes)
        locale = form.locale_in(content, messages.negotiate(request.headers.get("accept-language")))
        request.state.chosen_locale = locale
        filled = form.read(
            content,
            desk.rules,
            locale=locale,
            catalogue=request.app.state.messages,
        )
        key = idempotency.key_of(request.headers.get(idempotency.HEADER), content)
        address = client.address(request, desk.proxies)
        await patiently(partial(desk.limiter.admit, address))
        outcome = await desk.signup.sign_up(filled, key)
        measured.outcome = "repeated" if outcome.repeated else "created"
    headers = {"Cache-Control": "no-store", "Location": outcome.answer["portal"]["url"]}
    if outcome.repeated:
        headers["Idempotency-Replayed"] = "true"
    return Response(
        orjson.dumps(outcome.answer),
        status.HTTP_201_CREATED,
        headers=headers,
        media_type="application/json",
    )


@dataclass(slots=True)
class _Measurement:
    outcome: str = "failed"


@contextmanager
def _measured() -> Iterator[_Measurement]:
    measurement, started_at = _Measurement(), time.perf_counter()
    try:
        yield measurement
    except PorticoError as error:
        measurement.outcome = error.code
        raise
    finally:
        SIGNUPS.labels(measurement.outcome).inc()
        SECONDS.labels(measurement.outcome).observe(time.perf_counter() - started_at)
