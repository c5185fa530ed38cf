"""Composition root of the HTTP interface."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

import web.app
from failover.control.demanding import RefusedError
from failover.service import metrics, routes
from failover.service.desk import Desk, ElsewhereError
from failover.service.forwarding import Forwarder
from failover.service.late import LateDesk
from failover.service.page import routes as page
from failover.service.page.history import History
from failover.service.wiring import running
from kernel.secrets import Secrets
from kernel.settings import Settings
from web.internal import guard
from web.problems import document

TEXTS = Path(__file__).parent / "messages.toml"


def create_app(settings: Settings, site: str, secrets: Secrets) -> FastAPI:
    """Return the service of one site, loops included."""
    token = secrets["internal_token"]
    history = History()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, site, secrets) as plane, metrics.measured(plane):
            late = LateDesk(plane, secrets["repair_password"])
            app.state.desk = Desk(plane, Forwarder(token), late)
            async with history.kept(app.state.desk.status.read):
                yield

    async def ready() -> str | None:
        desk: Desk = app.state.desk
        return None if desk.plane.sight.last is not None else "etcd has not been read yet"

    app = web.app.create("Failover", lifespan=lifespan, ready=ready, texts=(TEXTS,))
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(ElsewhereError, _elsewhere)
    app.include_router(routes.open_router)
    app.include_router(page.router(history))
    app.include_router(routes.router, dependencies=[Depends(guard(token))])
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)  # noqa: S101  # registered for this kind only
    return document(status=409, code=error.refusal.code, detail=error.refusal.why)


async def _elsewhere(request: Request, error: Exception) -> Response:
    assert isinstance(error, ElsewhereError)  # noqa: S101  # registered for this kind only
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{error.url}{request.url.path}{query}", 307)
