"""Where a portal leaves traces: looked up on every server, past all services of ours."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson

import etcd
from blobs import store
from blobs.errors import AccountNotFoundError, StorageRefusedError
from blobs.keys import AccessKey
from blobs.provisioning import account_name
from blobs.store import Store
from blobs.wire import Request
from db.engine import Address, Database
from kernel import secrets
from kernel.ids import PortalId
from kernel.settings import Settings
from testkit.bare_portals import BUSY
from testkit.patience import patient

REPLICATED_WITHIN_SECONDS = 20.0
TABLES = (
    "SELECT table_name FROM information_schema.columns "
    "WHERE table_schema = 'portico' AND column_name = 'portal_id'"
)


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is of one portal."""

    keys: frozenset[str]
    """Of etcd, by their first word: ``portal``, ``host``, ``claim``, ``idempotency``."""
    fences: tuple[tuple[str, int, str], ...]
    """Datacentre, epoch and state of each row."""
    rows: int
    """In the database where there are most."""
    user: bool
    bucket: bool

    @property
    def is_whole(self) -> bool:
        """Whether it is a portal one can work in."""
        made = self.user and self.bucket and self.rows > 0
        fenced = {(epoch, state) for _, epoch, state in self.fences} == {(1, "open")}
        return made and fenced and {"portal", "host"} <= self.keys


NONE = Traces(frozenset(), (), 0, user=False, bucket=False)


class Inspector:
    """Looks at every server."""

    def __init__(
        self,
        client: etcd.Client,
        rows: dict[str, Database],
        fences: dict[str, Database],
        objects: tuple[Store, AccessKey],
    ) -> None:
        self._etcd = client
        self._rows = rows
        self._fences = fences
        self._objects, self._admin = objects

    async def sees_nothing(self, portal: PortalId, host: str = "-", record: str = "-") -> None:
        """Fail unless every trace is gone; the other datacentre may be a moment behind."""
        deadline = time.monotonic() + REPLICATED_WITHIN_SECONDS
        while (traces := await self.traces(portal, host, record)) != NONE:
            assert time.monotonic() < deadline, traces
            await asyncio.sleep(0.05)

    async def traces(self, portal: PortalId, host: str, record: str = "-") -> Traces:
        """Return what there is of the portal; ``record`` is that of an idempotency key."""
        names = {f"portal/{portal}", f"claim/{portal}", f"host/{host}", record}
        with patient():
            found = {name for name in names if await self._etcd.find(name) is not None}
        name = account_name(portal)
        return Traces(
            keys=frozenset(key.partition("/")[0] for key in found),
            fences=tuple([fence async for fence in self._fence_rows(portal)]),
            rows=max([await _count(database, portal) for database in self._rows.values()]),
            user=await self._exists(f"/admin/user?uid={name}"),
            bucket=await self._exists(f"/admin/bucket?bucket={name}"),
        )

    async def find_holder(self, host: str) -> tuple[PortalId, str] | None:
        """Return who has the host, and whether it is ``claimed`` or ``active``."""
        with patient():
            kv = await self._etcd.find(f"host/{host}")
        if kv is None:
            return None
        holder = orjson.loads(kv.value)
        return PortalId(int(holder["portal"])), holder["state"]

    async def _fence_rows(self, portal: PortalId) -> AsyncIterator[tuple[str, int, str]]:
        statement = "SELECT epoch, state FROM fence WHERE name = %s"
        for datacentre, database in self._fences.items():
            for epoch, state in await _select(database, statement, f"portal/{portal}"):
                yield datacentre, epoch, _text(state)

    async def _exists(self, target: str) -> bool:
        try:
            async with await self._objects.wire.send(self._admin, Request("GET", target)):
                return True
        except AccountNotFoundError:
            return False
        except StorageRefusedError as error:
            if error.values["reason"] != "NoSuchBucket":
                raise
            return False


@asynccontextmanager
async def inspecting(settings: Settings) -> AsyncIterator[Inspector]:
    """Open an inspector of the running cluster."""
    own = secrets.load(settings.secrets_dir, "signup")
    app = secrets.load(settings.secrets_dir, "portal")
    async with AsyncExitStack() as stack:
        rows, fences = {}, {}
        for site in settings.datacentres:
            place = (site.address, settings.ports.mariadb)
            rows[site.name] = Database(Address(*place, "portico_app", app["db_password"]), BUSY)
            fences[site.name] = Database(
                Address(*place, "portico_provision", own["db_password"], "portico_fence"), BUSY
            )
            for database in (rows[site.name], fences[site.name]):
                await database.open()
                stack.push_async_callback(database.close)
        client = await stack.enter_async_context(etcd.connect(settings.etcd_urls))
        objects = await stack.enter_async_context(store.connect(settings.s3_url))
        admin = AccessKey(own["s3_access_key"], own["s3_secret_key"])
        yield Inspector(client, rows, fences, (objects, admin))


async def _count(database: Database, portal: PortalId) -> int:
    tables = [_text(name) for (name,) in await _select(database, TABLES)]
    counts = [
        await _select(database, f"SELECT COUNT(*) FROM {t} WHERE portal_id = %s", portal)  # noqa: S608  # names from the server itself
        for t in tables
    ]
    return sum(count for ((count,),) in counts)


async def _select(
    database: Database, statement: str, *arguments: object
) -> Sequence[tuple[Any, ...]]:
    async with database.connection() as connection, connection.cursor() as cursor:
        await cursor.execute(statement, arguments)
        rows: Sequence[tuple[Any, ...]] = await cursor.fetchall()
        return rows


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
