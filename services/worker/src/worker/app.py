"""Composition root of the worker: the only file that knows every part of it."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

import web.app
from db.engine import Address, Database, PoolLimits
from jobs import mail
from kernel.secrets import Secrets
from kernel.settings import Settings, Site
from routes import RouteMap
from worker import ownership, steps
from worker.mail.delivery import Relay
from worker.mail.handler import MailHandler
from worker.work import AT_ONCE, DELIVERIES_AT_ONCE, Work

_log = logging.getLogger(__name__)

# Turns longer than that are cut: their leases end, and another worker repeats them.
DRAIN_SECONDS = 15.0


def create(settings: Settings, secrets: Secrets, site: str, node: str) -> FastAPI:
    """Return the application: health and metrics to be seen, the work beneath."""
    opened: list[_Parts] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            parts = await _open(stack, settings, secrets, site, node)
            opened.append(parts)
            task = asyncio.create_task(parts.work.run())
            task.add_done_callback(_end_the_process)
            yield
            await _drain(parts.work, task)

    async def ready() -> str | None:
        return await opened[0].ready() if opened else "starting"

    return web.app.create("Portico worker", lifespan=lifespan, ready=ready, openapi_url=None)


@dataclass(frozen=True, slots=True)
class _Parts:
    routes: RouteMap
    work: Work

    async def ready(self) -> str | None:
        """Return ``None`` if work can be done, else one sentence why not."""
        return await self.work.ready() if self.routes.is_loaded else "no routes known yet"


async def _open(
    stack: AsyncExitStack, settings: Settings, secrets: Secrets, site: str, node: str
) -> _Parts:
    """Open what the work needs; a server that is down delays the work, not the start."""
    token = secrets["internal_token"]
    snapshot = settings.var / "run" / f"routes-{site}-{node}.jsonl"
    routes = await stack.enter_async_context(
        RouteMap.follow(settings.routing_urls(site), token, file=snapshot)
    )
    databases = {}
    for place in settings.datacentres:
        databases[place.name] = _database(settings, place, secrets["db_password"])
        await databases[place.name].open()
        stack.push_async_callback(databases[place.name].close)
    by_steps = await stack.enter_async_context(steps.connected(settings.internal_url(site), token))
    work = Work(
        database=databases[site],
        owned=ownership.of(routes, site),
        placed=ownership.anywhere(routes, databases),
        handlers={mail.KIND: MailHandler(Relay.of(settings), settings)},
        otherwise=by_steps,
        name=f"{site}/{node}",
    )
    return _Parts(routes, work)


def _database(settings: Settings, place: Site, password: str) -> Database:
    address = Address(place.address, settings.ports.mariadb, "portico_worker", password)
    # one per turn, the scout's and the sweeper's; elsewhere only a few turns ever end
    return Database(address, PoolLimits(connections=AT_ONCE + DELIVERIES_AT_ONCE + 2))


async def _drain(work: Work, task: asyncio.Task[None]) -> None:
    """Begin nothing new, and give what has begun its time."""
    work.stop()
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await task
    except TimeoutError:
        _log.warning("turns were cut; they are repeated when their leases end")


def _end_the_process(task: asyncio.Task[None]) -> None:
    """Let the supervisor start another: a worker that no longer works must not look alive."""
    if not task.cancelled() and task.exception() is not None:
        _log.critical("the work ended by a defect", exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)
