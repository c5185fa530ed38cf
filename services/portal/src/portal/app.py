"""Composition root: the only file that knows every module."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from starlette.types import ASGIApp

import db
import portal
from kernel.secrets import Secrets
from kernel.settings import Settings
from portal import internal, openapi, resources
from portal.forward import Forwarder
from portal.gate import Gate
from portal.modules.company import facade as company
from portal.modules.company.routes import login_router, public_router
from portal.modules.company.routes import router as company_router
from portal.modules.journal.routes import router as journal_router
from portal.modules.licence.routes import router as licence_router
from web import app as web_app
from web import internal as web_internal

HERE = Path(portal.__file__).parent
TEXTS = (Path(db.__file__).parent / "messages.toml", *sorted(HERE.rglob("messages.toml")))
ROUTERS = (login_router, public_router, company_router, licence_router, journal_router)


def create_app(settings: Settings, secrets: Secrets, *, site: str, node: str) -> ASGIApp:
    """Return the web node of a datacentre."""
    forwarder = Forwarder(settings, site)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with resources.opened(settings, secrets, site=site, node=node) as opened:
            app.state.resources = opened
            yield
        await forwarder.close()

    async def ready() -> str | None:
        return await not_ready_because(api.state.resources)

    api = web_app.create(
        "Portico",
        lifespan=lifespan,
        ready=ready,
        texts=TEXTS,
        version="1",
        openapi_url="/api/v1/openapi.json",
    )
    api.state.identify = company.identify
    v1 = APIRouter(prefix="/api/v1", responses=openapi.FAILURES)
    for router in ROUTERS:
        v1.include_router(router)
    api.include_router(v1)
    guarded = Depends(web_internal.guard(secrets["internal_token"]))
    api.include_router(internal.router, dependencies=[guarded])
    openapi.install(api)
    api.add_middleware(Gate, resources=lambda: api.state.resources, forwarder=forwarder)
    return api


async def not_ready_because(opened: resources.Resources) -> str | None:
    """Return ``None`` when the node can serve, else why not: routes first, then each database."""
    if not opened.routes.is_loaded:
        return "the routes are not loaded yet"
    for database in opened.databases.values():
        reason = await database.ping()
        if reason is not None:
            return reason
    return None
