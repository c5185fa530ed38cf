"""The short way through a plain route answers exactly as FastAPI's own does."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Header, Path, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from typing_extensions import override

from kernel.errors import NotFoundError
from portal import lean
from portal.context import SCOPE_KEY, AdminContext, Context, Identity, RequestContext
from web import app as web_app

Number = Annotated[int, Path(ge=1, le=99, alias="id")]


class Thing(BaseModel):
    id: int
    name: str = Field(serialization_alias="called")
    price: float | None = None


class LeanRoute(APIRoute):
    """A route that must be plain."""

    @override
    def get_route_handler(self) -> lean.Handler:
        handler = lean.handler_of(self)
        assert handler is not None, self.path
        return handler


async def read(number: Number, context: Context, response: Response) -> Thing:
    if number == 13:
        raise NotFoundError
    response.headers["ETag"] = f'"{context.locale}"'
    return Thing(id=number, name="Лид")


async def several(context: Context) -> list[Thing]:
    return [Thing(id=1, name="a", price=0.5)]


async def for_administrators(number: Number, context: AdminContext) -> Thing:
    return Thing(id=number, name=context.locale)


async def made(number: Number, context: Context) -> Thing:
    return Thing(id=number, name="new")


async def asked(
    request: Request,
    context: Context,
    number: Annotated[int, Query(ge=1, alias="n")] = 5,
    loud: bool = False,  # noqa: FBT001, FBT002  # a query parameter
    word: Annotated[str, Query(max_length=3)] = "",
) -> Thing:
    return Thing(id=number, name=f"{request.method} {word}{'!' if loud else ''}")


async def answered(request: Request, context: Context, times: int = 1) -> Response:
    return Response(f"{request.url.path} " * times, 202, {"ETag": '"1"'}, "text/plain")


def routes(kind: type[APIRoute]) -> APIRouter:
    router = APIRouter(route_class=kind)
    router.add_api_route("/things", several, methods=["GET"], response_model=list[Thing])
    router.add_api_route("/things/{id}", read, methods=["GET"], response_model=Thing)
    router.add_api_route("/inside/{id}", for_administrators, methods=["GET"], response_model=Thing)
    router.add_api_route("/made/{id}", made, methods=["GET"], response_model=Thing, status_code=203)
    router.add_api_route("/asked", asked, methods=["GET"], response_model=Thing)
    router.add_api_route("/answered", answered, methods=["GET"], response_model=None)
    return router


def client_of(kind: type[APIRoute], role: str) -> httpx.AsyncClient:
    async def ready() -> None:
        return None

    app: FastAPI = web_app.create("test", lifespan=web_app.nothing_to_open, ready=ready)
    app.include_router(routes(kind))
    nothing: Any = SimpleNamespace()

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        identity = Identity(1, role, 1, "ru")  # type: ignore[arg-type]  # one of the two
        scope[SCOPE_KEY] = RequestContext(nothing, nothing, "ru", identity)
        await app(scope, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://t")


@pytest.mark.parametrize("role", ["admin", "employee"])
@pytest.mark.parametrize(
    "path",
    [
        "/things",
        "/things/7",
        "/things/13",
        "/things/0",
        "/things/100",
        "/things/x",
        "/things/7.5",
        "/things/%D1%8F",
        "/inside/7",
        "/inside/x",
        "/made/7",
        "/asked?n=7",
        "/asked?n=7&loud=on&word=%D1%8F",
        "/asked?n=7&n=8&unknown=1",
        "/asked",
        "/asked?n=0&loud=perhaps&word=long",
        "/asked?n=&loud=",
        "/answered",
        "/answered?times=2",
        "/answered?times=two",
    ],
)
async def test_both_ways_answer_the_same(path: str, role: str) -> None:
    async with client_of(LeanRoute, role) as short, client_of(APIRoute, role) as long:
        one, other = await short.get(path), await long.get(path)
    assert (one.status_code, one.content) == (other.status_code, other.content)
    assert dict(one.headers) == dict(other.headers)


async def _with_several(context: Context, q: Annotated[list[str], Query()]) -> Thing:
    return Thing(id=1, name=q[0])


async def _with_a_required_one(context: Context, q: str) -> Thing:
    return Thing(id=1, name=q)


async def _with_header(context: Context, q: Annotated[str, Header()] = "") -> Thing:
    return Thing(id=1, name=q)


async def _undescribed(context: Context) -> Any:
    return Response("x")


def unfit() -> Iterator[APIRoute]:
    yield APIRoute("/x", _with_several, methods=["GET"], response_model=Thing)
    yield APIRoute("/x", _with_a_required_one, methods=["GET"], response_model=Thing)
    yield APIRoute("/x", _with_header, methods=["GET"], response_model=Thing)
    yield APIRoute("/x", _undescribed, methods=["GET"], response_model=None)
    yield APIRoute("/x/{id}", made, methods=["POST"], response_model=Thing)


@pytest.mark.parametrize("route", [*unfit()])
def test_a_route_that_needs_more_takes_fastapis_way(route: APIRoute) -> None:
    assert lean.handler_of(route) is None
