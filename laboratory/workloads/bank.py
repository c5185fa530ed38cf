"""A bank inside each portal: money moves between two accounts, and every move leaves a mark.

The product's API has no request that must change two rows or none and shows both, so this workload stands
in a web node's place below HTTP: the same routes (``routes``), the same fenced transactions (``db``), tables
of its own. It does not hold requests as a web node does: it waits for a newer route and tries again. What
it is for is safety; its failures say nothing about the product's.
"""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import BigInteger, Column, bindparam, func, insert, select, update

from db.engine import Address, Database, PoolLimits
from db.errors import OutcomeUnknownError, StaleRouteError
from db.schema import owned_by_key
from db.sessions import Ownership, WriteSession, reading, writing
from db.statements import PORTAL, Statement
from kernel import secrets
from kernel.errors import PorticoError
from kernel.ids import PortalId
from kernel.settings import Settings
from laboratory.checker import CREATE, TOTAL
from laboratory.door import Portal
from laboratory.history import History, Operation, Outcome
from routes import Route, RouteMap

ACCOUNTS = 8
FIRST_BALANCE = 1000
HIGHEST = 20
NEWS_SECONDS = 10.0
WRITERS, READERS = 24, 8  # connections to each database

accounts = owned_by_key(
    "laboratory_accounts",
    Column("account", BigInteger, nullable=False, autoincrement=False),
    Column("balance", BigInteger, nullable=False),
    key=("account",),
)
marks = owned_by_key(
    "laboratory_marks",
    Column("number", BigInteger, nullable=False, autoincrement=False),
    Column("source", BigInteger, nullable=False),
    Column("target", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    key=("number",),
)
_of_portal = accounts.c.portal_id == bindparam(PORTAL)
_OPEN = Statement(insert(accounts), columns=["portal_id", "account", "balance"])
_MARK = Statement(insert(marks), columns=["portal_id", "number", "source", "target", "amount"])
_MOVE = Statement(
    update(accounts)
    .where(_of_portal, accounts.c.account == bindparam("which"))
    .values(balance=accounts.c.balance + bindparam("by"))
)
_TOTAL = Statement(select(func.sum(accounts.c.balance)).where(_of_portal))


@dataclass(frozen=True, slots=True)
class Transfer:
    """One move of money; ``number`` names it for ever."""

    number: int
    source: int
    target: int
    amount: int


@dataclass(frozen=True, slots=True)
class Pools:
    """Connections to one database; writers that hang do not take those of the readers."""

    writers: Database
    readers: Database


class Bank:
    """Transfers and totals, at whatever database the routes name."""

    def __init__(
        self,
        databases: Mapping[str, Pools],
        routes: RouteMap,
        portals: Sequence[Portal],
        history: History,
        seed: int,
    ) -> None:
        self._databases = databases
        self._routes = routes
        self._portals = portals
        self._history = history
        self._chance = random.Random(seed)  # noqa: S311  # no secret
        self._first = time.time_ns()  # above those of an earlier run on the same data
        self._numbers = itertools.count(self._first)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, portals: Sequence[Portal], history: History, seed: int
    ) -> AsyncIterator[Self]:
        """Connect to both databases and follow the routes, as a web node does."""
        known = secrets.load(settings.secrets_dir, "portal")
        async with AsyncExitStack() as stack:
            databases = {}
            for site in settings.datacentres:
                address = Address(
                    site.address, settings.ports.mariadb, "portico_app", known["db_password"]
                )
                pools = Pools(_pool(address, WRITERS), _pool(address, READERS))
                for pool in (pools.writers, pools.readers):
                    await pool.open()
                    stack.push_async_callback(pool.close)
                databases[site.name] = pools
            urls = settings.routing_urls(settings.datacentres[0].name)
            routes = await stack.enter_async_context(RouteMap.follow(urls, known["internal_token"]))
            async with asyncio.timeout(NEWS_SECONDS):
                await routes.wait_until_loaded()
            yield cls(databases, routes, portals, history, seed)

    async def open_accounts(self) -> None:
        """Give each portal its accounts."""
        for portal in self._portals:
            rows = [{"account": n, "balance": FIRST_BALANCE} for n in range(ACCOUNTS)]
            route = self._route(portal)
            async with writing(self._databases[route.owner].writers, _ownership(route)) as session:
                await session.insert_many(_OPEN, rows)

    def is_ours(self, number: int) -> bool:
        """Whether this run made the transfer."""
        return number >= self._first

    async def step(self, client: int, due: float) -> None:
        """Move money in some portal."""
        await self._transfer(client, due, self._chance.choice(self._portals))

    def route_of(self, portal: Portal) -> Route:
        """Return the route as known now; a zombie keeps it."""
        return self._route(portal)

    async def attempt(self, route: Route, transfer: Transfer) -> None:
        """Make one transfer where the route says, whoever owns the portal meanwhile."""
        async with writing(self._databases[route.owner].writers, _ownership(route)) as session:
            await _move(session, transfer)

    def new_transfer(self) -> Transfer:
        """Think of a transfer that nobody has made."""
        source, target = self._chance.sample(range(ACCOUNTS), 2)
        return Transfer(next(self._numbers), source, target, self._chance.randint(1, HIGHEST))

    async def _transfer(self, client: int, due: float, portal: Portal) -> None:
        transfer = self.new_transfer()
        operation = self._history.invoke(
            client, CREATE, f"bank/{portal.id}", str(transfer.number), due
        )
        try:
            async with asyncio.timeout(NEWS_SECONDS * 2):
                await self._where_it_is_served(portal, transfer)
        except (OutcomeUnknownError, TimeoutError) as error:
            self._history.end(operation, Outcome.UNKNOWN, code=type(error).__name__)
        except PorticoError as error:
            self._history.end(operation, Outcome.FAIL, code=error.code)
        else:
            self._history.end(operation, Outcome.OK, answer=f"bank/{transfer.number}")

    async def _where_it_is_served(self, portal: Portal, transfer: Transfer) -> None:
        """Try with the route as known, and once more with the next one."""
        route = self._route(portal)
        try:
            await self.attempt(route, transfer)
        except StaleRouteError:
            newer = await self._routes.opened(route.portal, NEWS_SECONDS, stale=route)
            if newer is None:
                raise
            await self.attempt(newer, transfer)

    async def count(self, client: int, due: float) -> None:
        """Count the money of some portal: it is always as much."""
        portal = self._chance.choice(self._portals)
        key = f"bank/{portal.id}"
        operation = self._history.invoke(client, TOTAL, key, None, due)
        try:
            async with (
                asyncio.timeout(NEWS_SECONDS),
                reading(self._databases[self._route(portal).owner].readers, _id(portal)) as session,
            ):
                row = await session.first(_TOTAL)
        except (PorticoError, TimeoutError) as error:
            self._end_badly(operation, error)
        else:
            self._history.end(operation, Outcome.OK, answer=None if row is None else int(row[0]))

    def _end_badly(self, operation: Operation, error: Exception) -> None:
        self._history.end(operation, Outcome.FAIL, code=type(error).__name__)

    def _route(self, portal: Portal) -> Route:
        route = self._routes.find_by_id(_id(portal))
        if route is None:
            raise LookupError(f"no route to portal {portal.id}")
        return route


@dataclass(frozen=True, slots=True)
class Auditors:
    """Those who only count: cheap, and they see every half-done transfer that can be seen."""

    bank: Bank

    async def step(self, client: int, due: float) -> None:
        """Count once."""
        await self.bank.count(client, due)


def _pool(address: Address, connections: int) -> Database:
    return Database(
        address, PoolLimits(connections=connections, acquire_seconds=2, statement_seconds=10)
    )


async def _move(session: WriteSession, transfer: Transfer) -> None:
    await session.insert(
        _MARK,
        number=transfer.number,
        source=transfer.source,
        target=transfer.target,
        amount=transfer.amount,
    )
    # lower account first, so that two transfers never wait for each other in a circle
    moves = [(transfer.source, -transfer.amount), (transfer.target, transfer.amount)]
    for account, by in sorted(moves):
        await session.change(_MOVE, which=account, by=by)


def _ownership(route: Route) -> Ownership:
    return Ownership(route.portal, route.pair, route.home, route.term, route.epoch)


def _id(portal: Portal) -> PortalId:
    return PortalId(portal.id)
