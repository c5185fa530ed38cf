"""Composition root: the only file that knows every module."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp

import blobs
import db
import portal
import routes
from kernel.secrets import Secrets
from kernel.settings import Settings
from portal import internal, openapi, resources, steps, surface
from portal.forward import Forwarder
from portal.gate import Gate
from portal.modules.company import facade as company
from portal.modules.company.routes import routers as company_routers
from portal.modules.crm import jobs as crm_jobs
from portal.modules.crm.routes import routers as crm_routers
from portal.modules.drive import jobs as drive_jobs
from portal.modules.drive.routes import routers as drive_routers
from portal.modules.journal.routes import router as journal_router
from portal.modules.licence.routes import router as licence_router
from portal.modules.webhooks import jobs as webhooks_jobs
from portal.modules.webhooks.routes import internal as webhooks_internal
from portal.modules.webhooks.routes import routers as webhook_routers
from portal.rates import Rates
from portal.rest import dispatch, failures
from web import app as web_app
from web import internal as web_internal
from web import problems

HERE = Path(portal.__file__).parent
TEXTS = (
    *(Path(f).parent / "messages.toml" for f in (blobs.__file__, db.__file__, routes.__file__)),
    *sorted(HERE.rglob("messages.toml")),
)
# Asked in this order for each request, so what is asked most comes first
ROUTERS = (
    dispatch.router,
    *crm_routers,
    *drive_routers,
    *company_routers,
    *(journal_router, licence_router),
    *webhook_routers,
)
STEPS: steps.Steps = {**crm_jobs.STEPS, **drive_jobs.STEPS, **webhooks_jobs.STEPS}


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
        return not_ready_because(api.state.resources)

    api = web_app.create(
        "Portico",
        lifespan=lifespan,
        ready=ready,
        texts=TEXTS,
        version="1",
        openapi_url="/api/v1/openapi.json",
    )
    api.state.identify = company.identify
    api.state.steps = STEPS
    api.state.rest = surface.surface()
    problems.answer_otherwise(api, failures.PREFIX, failures.Shape())
    # listed first and flat: whatever is asked before, and every level of inclusion, costs each read
    api.router.routes[:0] = [route for router in ROUTERS for route in router.routes]
    guarded = Depends(web_internal.guard(secrets["internal_token"]))
    for router in (internal.router, steps.router, webhooks_internal.router):
        api.include_router(router, dependencies=[guarded])
    openapi.install(api)
    api.add_middleware(
        Gate,
        resources=lambda: api.state.resources,
        forwarder=forwarder,
        rates=Rates(settings.limits.portal_requests_per_second),
    )
    return api


def not_ready_because(opened: resources.Resources) -> str | None:
    """Return ``None`` when the node can serve, else why not.

    A database that does not answer is no reason: the portals may be served elsewhere by now, and then
    the node forwards; until then it holds their requests.
    """
    if not opened.routes.is_settled:
        return "the routes are not loaded, or not confirmed by a routing service yet"
    return None
