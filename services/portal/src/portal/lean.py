"""The short way through a route that needs none of FastAPI's machinery.

Reading one thing takes a few parameters and the context, nothing else. For such a route FastAPI's general
way (solving dependencies, validating the answer once more) costs twice what the rest of the request
does. This handler does the same by the route's own description: same parameters, same errors, same
answer; ``tests/test_lean.py`` asks both ways and compares. (ADR 0013)
"""

from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from portal import context

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
JSON = "application/json"
CONTEXTS = (context.given, context.given_to_administrators)
SIMPLE = (bool, int, str)


def handler_of(route: APIRoute) -> Handler | None:
    """Return the short handler, or ``None`` if the route needs more than it can give."""
    if not _is_plain(route):
        return None
    endpoint: Callable[..., Coroutine[Any, Any, Any]] = route.dependant.call  # type: ignore[assignment]  # a coroutine function
    needs = route.dependant
    dependencies: Any = needs.dependencies
    render = TypeAdapter(route.response_model).dump_json
    status = route.status_code or 200

    async def handle(request: Request) -> Response:
        given: dict[str, Any] = {d.name: await d.call(request) for d in dependencies}
        given |= _values(needs, request)
        answer = Response(status_code=status, media_type=JSON)
        if needs.request_param_name:
            given[needs.request_param_name] = request
        if needs.response_param_name:
            given[needs.response_param_name] = answer
        result = await endpoint(**given)
        if isinstance(result, Response):
            return result
        answer.body = render(result, by_alias=True)
        answer.headers["content-length"] = str(len(answer.body))
        return answer

    return handle


def _is_plain(route: APIRoute) -> bool:
    """GET, simple parameters and contexts, a known answer: all that ``handler_of`` can give."""
    needs = route.dependant
    more = (needs.header_params, needs.cookie_params, needs.body_params)
    return (
        route.methods == {"GET"}
        and (route.response_model is not None or _makes_its_answer(route))
        and not any(more)
        and not needs.background_tasks_param_name
        and all(_is_simple(field.field_info) for field in needs.query_params)
        and all(d.call in CONTEXTS for d in needs.dependencies)
    )


def _is_simple(field: FieldInfo) -> bool:
    return field.annotation in SIMPLE and not field.is_required()


def _makes_its_answer(route: APIRoute) -> bool:
    return get_type_hints(route.endpoint).get("return") is Response


def _values(needs: Dependant, request: Request) -> dict[str, Any]:
    values: dict[str, Any] = {}
    wrong: list[Any] = []
    places: Any = (
        ("path", needs.path_params, request.path_params),
        ("query", needs.query_params, request.query_params),
    )
    for place, fields, given in places:
        for field in fields:
            if field.alias not in given:
                values[field.name] = field.get_default()
                continue
            values[field.name], errors = field.validate(
                given[field.alias], {}, loc=(place, field.alias)
            )
            wrong.extend(errors)
    if wrong:
        raise RequestValidationError(wrong)
    return values
