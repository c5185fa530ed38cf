"""Composition root: opens what the service talks to and puts the parts together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from fastapi import FastAPI

import blobs
import db
import etcd
import signup
from blobs import store
from blobs.keys import AccessKey
from blobs.provisioning import RadosGateway
from blobs.wire import Timeouts
from kernel.sealing import Sealer
from kernel.secrets import Secrets
from kernel.settings import Settings
from signup import fences
from signup.calls import Caller
from signup.conductor import Conductor
from signup.directory import Directory
from signup.form import Rules
from signup.idempotency import Records
from signup.limiter import Limiter
from signup.passwords import Hasher
from signup.recovery import Recovery
from signup.routes import Desk, router
from signup.service import Signup
from signup.steps import FenceStep, RowsStep, StorageStep
from signup.web_nodes import WebNodes
from web import app as web_app

TEXTS = tuple(Path(str(p.__file__)).parent / "messages.toml" for p in (db, blobs, signup))
# Shorter than a step may take: a call that hangs must leave time to say so.
STORAGE_TIMEOUTS = Timeouts(connect=2.0, silence=5.0, call=6.0)


@dataclass(frozen=True, slots=True)
class Parts:
    """What one process shares."""

    etcd: etcd.Client
    directory: Directory
    conductor: Conductor
    signup: Signup
    recovery: Recovery


def create_app(settings: Settings, secrets: Secrets, *, site: str) -> FastAPI:
    """Return the signup service of a datacentre."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, secrets, site=site) as parts:
            app.state.parts = parts
            app.state.desk = Desk(
                rules=Rules.of(settings),
                body_bytes=settings.limits.json_body_bytes,
                proxies=frozenset({settings.door.address, *(s.address for s in settings.sites)}),
                limiter=Limiter(parts.etcd, per_minute=settings.limits.signups_per_minute),
                signup=parts.signup,
            )
            recovering = asyncio.create_task(parts.recovery.run())
            try:
                yield
            finally:
                recovering.cancel()
                with suppress(asyncio.CancelledError):
                    await recovering

    async def ready() -> str | None:
        return await not_ready_because(api.state.parts)

    api = web_app.create("Portico signup", lifespan=lifespan, ready=ready, texts=TEXTS, version="1")
    api.include_router(router)
    return api


@asynccontextmanager
async def opened(settings: Settings, secrets: Secrets, *, site: str) -> AsyncIterator[Parts]:
    """Open everything; who does not answer yet is met at the first call."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(etcd.connect(settings.etcd_urls))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        objects = await stack.enter_async_context(store.connect(settings.s3_url, STORAGE_TIMEOUTS))
        fence_tables = await stack.enter_async_context(
            fences.connect(settings, secrets["db_password"])
        )
        caller = Caller(session, secrets["internal_token"])
        sealer = Sealer(secrets["kek"])
        directory = Directory(caller, settings.routing_urls(site))
        records = Records(client, sealer)
        admin = AccessKey(secrets["s3_access_key"], secrets["s3_secret_key"])
        conductor = Conductor(
            directory=directory,
            steps=(
                StorageStep(RadosGateway(objects, admin)),
                FenceStep(fence_tables),
                RowsStep(WebNodes(caller, settings), fence_tables),
            ),
            records=records,
            settings=settings,
        )
        yield Parts(
            etcd=client,
            directory=directory,
            conductor=conductor,
            signup=Signup(
                directory=directory,
                conductor=conductor,
                records=records,
                hasher=Hasher(),
                sealer=sealer,
                settings=settings,
            ),
            recovery=Recovery(directory, conductor, sealer),
        )


async def not_ready_because(parts: Parts) -> str | None:
    """Return ``None`` when sign-ups can be made, else why not."""
    try:
        await parts.etcd.find("portal/")
    except etcd.EtcdError as error:
        return f"etcd: {error}"
    return await parts.directory.ready()
