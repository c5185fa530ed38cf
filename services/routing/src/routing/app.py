"""Composition root: the only file that knows every part of the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fastapi import Depends, FastAPI

import etcd
import web.app
from kernel.settings import Settings
from routing import routes
from routing.claims import Claims
from routing.feed import Feed
from routing.hostnames import ForbiddenWords
from routing.nodes import Nodes
from routing.portals import Portals
from routing.service import Routing
from routing.store import Store
from web.draining import on_termination
from web.internal import guard

TEXTS = Path(__file__).parent / "messages.toml"


def create_app(settings: Settings, site: str, token: str) -> FastAPI:
    """Return the service of one site; it asks the etcd member of its own site first."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with etcd.connect(_etcd_urls(settings, site)) as client:
            routing = _routing(settings, client)
            app.state.routing = routing
            following = asyncio.create_task(routing.feed.run())
            with on_termination(routing.feed.end_streams):
                yield
            following.cancel()
            await asyncio.wait([following])

    async def ready() -> str | None:
        routing: Routing = app.state.routing
        return None if routing.feed.is_loaded else "the routes have not been read from etcd yet"

    app = web.app.create("Routing", lifespan=lifespan, ready=ready, texts=(TEXTS,))
    app.include_router(routes.router, dependencies=[Depends(guard(token))])
    return app


def _routing(settings: Settings, client: etcd.Client) -> Routing:
    store = Store(client)
    portals = Portals(store)
    return Routing(
        settings=settings,
        claims=Claims(store, now=partial(datetime.now, UTC)),
        portals=portals,
        nodes=Nodes(store),
        feed=Feed(client, portals),
        forbidden=ForbiddenWords.load(),
    )


def _etcd_urls(settings: Settings, site: str) -> list[str]:
    own = f"//{settings.site(site).address}:"
    return sorted(settings.etcd_urls, key=lambda url: own not in url)
