"""What takes more than one part of the service. Reads outlive etcd; writes need its majority."""

import asyncio
from dataclasses import dataclass

from kernel.errors import UnavailableError
from kernel.ids import PairId, PortalId
from kernel.settings import Settings
from routes import PairRecord
from routing import hostnames
from routing.claims import Claims
from routing.directory import Directory
from routing.domain import Claim, Json, PairLoad, PortalState, check_place, place
from routing.errors import (
    DirectoryUnavailableError,
    HostInvalidError,
    HostUnknownError,
    PairUnknownError,
    PortalUnknownError,
)
from routing.feed import Feed
from routing.hostnames import ForbiddenWords
from routing.nodes import Nodes
from routing.portals import PlacedPortal, Portals

FRESH_SECONDS = 0.3  # for asking etcd before the answer comes from memory


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a new portal goes."""

    home: str
    pair: PairRecord


class Routing:
    """The use cases, and the parts that need no rule from here."""

    def __init__(
        self,
        *,
        settings: Settings,
        claims: Claims,
        portals: Portals,
        nodes: Nodes,
        feed: Feed,
        forbidden: ForbiddenWords,
    ) -> None:
        self.claims = claims
        self.portals = portals
        self.nodes = nodes
        self.feed = feed
        self._settings = settings
        self._forbidden = forbidden

    @property
    def directory(self) -> Directory:
        """What is known in memory; raises ``RoutesNotLoadedError`` before anything is."""
        return self.feed.directory

    async def get_host(self, label: str) -> PlacedPortal:
        """Return the portal of a host: from etcd, or from memory if that does not answer.

        Memory can say yes, never no: the host may have been claimed a moment ago.
        """
        try:
            async with asyncio.timeout(FRESH_SECONDS):
                found = await self.portals.find_by_host(label)
        except (UnavailableError, TimeoutError) as error:
            route = self.directory.table.find(label)
            known = None if route is None else self.find_known(route.portal)
            if known is None:
                raise DirectoryUnavailableError from error
            return known
        if found is None:
            raise HostUnknownError(host=label)
        return found

    async def get_portal(self, portal: PortalId) -> PlacedPortal:
        """Return a portal: from etcd, or from memory, which can only say yes, if that is silent."""
        try:
            async with asyncio.timeout(FRESH_SECONDS):
                found = await self.portals.find(portal)
        except (UnavailableError, TimeoutError) as error:
            known = self.find_known(portal)
            if known is None:
                raise DirectoryUnavailableError from error
            return known
        if found is None:
            raise PortalUnknownError(portal=str(portal))
        return found

    def find_known(self, portal: PortalId) -> PlacedPortal | None:
        """Return a portal as it is in memory, or ``None``."""
        record = self.directory.table.find_portal(portal)
        pair = None if record is None else self.directory.table.find_pair(record.pair)
        return None if record is None or pair is None else PlacedPortal(record, pair)

    async def get_pair(self, pair: PairId) -> PairRecord:
        """Return a pair: from etcd, or as it is in memory if that does not answer."""
        try:
            async with asyncio.timeout(FRESH_SECONDS):
                return await self.portals.get_pair(pair)
        except (UnavailableError, TimeoutError):
            return self._get_known_pair(pair)

    def _get_known_pair(self, pair: PairId) -> PairRecord:
        found = self.directory.table.find_pair(pair)
        if found is None:
            raise PairUnknownError(pair=pair)
        return found

    def place(self, home: str | None, region: str | None) -> Placement:
        """Choose where a new portal goes: at ``home``, or where its region belongs."""
        home = home or self._settings.home_of(region or "default")
        loads = [
            PairLoad(pair.id, pair.sites, pair.capacity, self.directory.portals_in(pair.id))
            for pair in self._settings.pairs
            if self.directory.table.find_pair(pair.id) is not None
        ]
        return Placement(home, self._get_known_pair(place(home, loads)))

    async def claim(
        self, portal: PortalId, name: str, home: str, pair: PairId | None, saga: Json
    ) -> Claim:
        """Take a host name for a portal that is being made."""
        try:
            host = hostnames.label_of(name, self._forbidden)
        except hostnames.NameRefusedError as error:
            raise HostInvalidError(host=name, reason=error.flaw) from error
        pair = self.place(home, None).pair.id if pair is None else pair
        check_place(home, self.directory.table.find_pair(pair))
        return await self.claims.add(portal, host, home, pair, saga)

    async def publish(
        self,
        portal: PortalId,
        revision: int,
        route: Json,
        state: PortalState,
        saga: Json,
        *,
        pair_revision: int,
    ) -> Claim:
        """Bring a claimed portal into being; ``route`` has its pair, home and epoch."""
        check_place(route["home"], self.directory.table.find_pair(route["pair"]))
        return await self.claims.publish(
            portal, revision, route, state, saga, pair_revision=pair_revision
        )
