"""The short way through a route that needs none of FastAPI's machinery.

Reading one thing takes path parameters and the context, nothing else. For such a route FastAPI's general
way (solving dependencies, validating the answer once more) costs twice what the rest of the request
does. This handler does the same by the route's own description: same parameters, same errors, same
answer; ``tests/test_lean.py`` asks both ways and compares. (ADR 0013)
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from portal import context

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
JSON = "application/json"
CONTEXTS = (context.given, context.given_to_administrators)


def handler_of(route: APIRoute) -> Handler | None:
    """Return the short handler, or ``None`` if the route needs more than it can give."""
    if not _is_plain(route):
        return None
    endpoint: Callable[..., Coroutine[Any, Any, Any]] = route.dependant.call  # type: ignore[assignment]  # a coroutine function
    names = route.dependant
    dependencies: Any = names.dependencies
    render = TypeAdapter(route.response_model).dump_json
    status = route.status_code or 200

    async def handle(request: Request) -> Response:
        given: dict[str, Any] = {d.name: await d.call(request) for d in dependencies}
        given |= _path_values(route, request.path_params)
        answer = Response(status_code=status, media_type=JSON)
        if names.response_param_name:
            given[names.response_param_name] = answer
        answer.body = render(await endpoint(**given), by_alias=True)
        answer.headers["content-length"] = str(len(answer.body))
        return answer

    return handle


def _is_plain(route: APIRoute) -> bool:
    """GET, a described answer, path parameters and contexts: all that ``handler_of`` knows."""
    needs = route.dependant
    more = (needs.query_params, needs.header_params, needs.cookie_params, needs.body_params)
    others = (needs.request_param_name, needs.background_tasks_param_name)
    return (
        route.methods == {"GET"}
        and route.response_model is not None
        and not any(more)
        and not any(others)
        and all(d.call in CONTEXTS for d in needs.dependencies)
    )


def _path_values(route: APIRoute, given: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    wrong: list[Any] = []
    for field in route.dependant.path_params:
        value, errors = field.validate(given[field.alias], {}, loc=("path", field.alias))
        if errors:
            wrong.extend(errors)
        else:
            values[field.name] = value
    if wrong:
        raise RequestValidationError(wrong)
    return values
