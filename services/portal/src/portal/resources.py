"""The singletons of a process: databases, routes, cache, storage. Opened at start, closed at the end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from blobs.store import Store, connect
from cache import Cache
from db.engine import Address, Database
from db.sessions import Ownership, ReadSession, WriteSession, reading, writing
from kernel.ids import PairId
from kernel.sealing import Sealer
from kernel.secrets import Secrets
from kernel.settings import Settings
from portal import outward
from portal.outward import Outward
from routes import Route, RouteMap


@dataclass(frozen=True, slots=True)
class Resources:
    """What every request shares. Nothing here belongs to one portal."""

    settings: Settings
    site: str
    node: str
    routes: RouteMap
    databases: Mapping[PairId, Database]
    cache: Cache
    storage: Store
    sealer: Sealer
    outward: Outward

    @asynccontextmanager
    async def reading(self, route: Route) -> AsyncIterator[ReadSession]:
        """Read in the portal's database of this datacentre."""
        async with reading(self.databases[route.pair], route.portal) as session:
            yield session

    @asynccontextmanager
    async def writing(self, route: Route, actor: int | None) -> AsyncIterator[WriteSession]:
        """Write in the portal's database of this datacentre, behind the fence."""
        owner = Ownership(route.portal, route.pair, route.home, route.term, route.epoch)
        async with writing(self.databases[route.pair], owner) as session:
            session.actor = actor
            yield session


@asynccontextmanager
async def opened(
    settings: Settings, secrets: Secrets, *, site: str, node: str
) -> AsyncIterator[Resources]:
    """Open everything; whatever does not answer yet is waited for when it is needed."""
    async with AsyncExitStack() as stack:
        databases = {}
        for pair in settings.pairs:
            if site in pair.sites:
                databases[pair.id] = Database(_address(settings, site, secrets))
                await databases[pair.id].open()
                stack.push_async_callback(databases[pair.id].close)
        cache = Cache([(settings.site(site).address, settings.ports.memcached)])
        stack.callback(cache.close)
        storage = await stack.enter_async_context(
            connect(settings.s3_url, public_url=settings.s3_public_url)
        )
        follow = RouteMap.follow(
            settings.routing_urls(site),
            secrets["internal_token"],
            file=settings.var / "run" / f"routes-{site}-{node}.jsonl",
            node=f"{site}/{node}",
        )
        to_strangers = await stack.enter_async_context(outward.opened(settings.inner_networks))
        route_map = await stack.enter_async_context(follow)
        yield Resources(
            settings=settings,
            site=site,
            node=node,
            routes=route_map,
            databases=databases,
            cache=cache,
            storage=storage,
            sealer=Sealer(secrets["kek"]),
            outward=to_strangers,
        )


def _address(settings: Settings, site: str, secrets: Secrets) -> Address:
    host = settings.site(site).address
    return Address(host, settings.ports.mariadb, "portico_app", secrets["db_password"])
