"""Takes demands: turns what the loops say into answers and expected errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

import etcd
from failover.control import demanding
from failover.control.demanding import Begun
from failover.control.store import NotLeadingError
from failover.demands import Demand
from failover.late import Selection
from failover.service import errors
from failover.service.forwarding import Forwarder
from failover.service.late import LateDesk
from failover.service.plane import Plane
from failover.service.schemas import PortalSwitchIn
from failover.service.status import Status, latest_comparison
from failover.service.urls import service_url
from kernel.ids import PairId, PortalId

Json = dict[str, Any]


class ElsewhereError(Exception):
    """Another site leads: ask there."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class Desk:
    """One for the whole service."""

    def __init__(self, plane: Plane, forwarder: Forwarder, late: LateDesk) -> None:
        self.status = Status(plane)
        self.forwarder = forwarder
        self.plane = plane
        self._late = late

    async def demand(self, pair: PairId, demand: Demand, *, is_dry_run: bool) -> Begun:
        """Begin what an operator demands of a pair."""
        async with self._failures(errors.PairUnknownError(pair=pair)):
            return await self.plane.controller.demand(pair, demand, is_dry_run=is_dry_run)

    async def switch_portal(self, portal: PortalId, wanted: PortalSwitchIn) -> Begun:
        """Begin the switch of a portal."""
        async with self._failures(errors.PortalUnknownError(portal=str(portal))):
            return await self.plane.handovers.demand(
                portal,
                wanted.target,
                wanted.epoch,
                wanted.budget_seconds,
                is_dry_run=wanted.dry_run,
            )

    async def portal(self, portal: PortalId) -> Json:
        """Return where a portal belongs."""
        async with self._failures(errors.PortalUnknownError(portal=str(portal))):
            record = await self.plane.handovers.find(portal)
        if record is None:
            raise errors.PortalUnknownError(portal=str(portal))
        return {
            "id": str(portal),
            "host": record.json["host"],
            "pair": record.pair,
            "home": record.portal.home,
            "epoch": record.portal.epoch,
            "state": record.json["state"],
            "target": record.portal.target,
        }

    async def compare(self, pair: PairId, request: Request) -> Response:
        """Compare here, if this site has one of the databases, else at a site that has."""
        if pair not in self.plane.pairs:
            raise errors.PairUnknownError(pair=pair)
        agent = self.plane.agent(pair)
        if agent is None or agent.servant is None:
            site = self._holder(pair)
            return await self.forwarder.send(request, service_url(self.plane.settings, site))
        if not agent.compare():
            raise errors.NoMajorityError
        content = {"why": f"{self.plane.site} compares itself with its peer"}
        return JSONResponse(content, HTTPStatus.ACCEPTED)

    async def comparison(self, pair: PairId, request: Request) -> Response:
        """Return the last comparison with the rows that differ, from the site that made it."""
        look = self.plane.sight.last
        if look is None or pair not in look.records:
            raise errors.PairUnknownError(pair=pair)
        found = latest_comparison(look, pair, look.records[pair].pair)
        if found is None:
            raise errors.NotComparedError
        if found["site"] != self.plane.site:
            url = service_url(self.plane.settings, found["site"])
            return await self.forwarder.send(request, url)
        agent = self.plane.agent(pair)
        servant = None if agent is None else agent.servant
        details = None if servant is None else servant.comparing.details()
        if details is None:
            raise errors.NotComparedError
        return JSONResponse({"site": self.plane.site, **details})

    async def late_changes(
        self, pair: PairId, portal: PortalId | None, after: int, limit: int
    ) -> list[Json]:
        """Return what a lost master had committed alone."""
        async with self._failures(errors.PairUnknownError(pair=pair)):
            return await self._late.listed(pair, portal, after, limit)

    async def apply(self, pair: PairId, selection: Selection, *, overwrite: bool) -> Json:
        """Write late changes at the owner."""
        async with self._failures(errors.PairUnknownError(pair=pair)):
            outcome = await self._late.apply(pair, selection, overwrite=overwrite)
        return outcome.as_json()

    async def dismiss(self, pair: PairId, selection: Selection) -> Json:
        """Dismiss late changes."""
        async with self._failures(errors.PairUnknownError(pair=pair)):
            outcome = await self._late.dismiss(pair, selection)
        return outcome.as_json()

    async def withdraw(self, pair: PairId) -> Json:
        """Undo late changes at the returning database."""
        async with self._failures(errors.PairUnknownError(pair=pair)):
            return await self._late.withdraw(pair)

    def _holder(self, pair: PairId) -> str:
        """Return a site with a database of the pair; the one that is away is who must be compared."""
        look = self.plane.sight.last
        if look is None or pair not in look.records:
            raise errors.NoMajorityError
        record = look.records[pair].pair
        return record.away or record.sites[1]

    @asynccontextmanager
    async def _failures(self, unknown: Exception) -> AsyncIterator[None]:
        try:
            yield
        except demanding.UnknownError:
            raise unknown from None
        except demanding.OvertakenError:
            raise errors.OvertakenError from None
        except NotLeadingError:
            raise self._elsewhere() from None
        except etcd.OutcomeUnknownError as error:
            raise errors.OutcomeUnknownError from error
        except etcd.EtcdError as error:
            raise errors.NoMajorityError from error

    def _elsewhere(self) -> Exception:
        look = self.plane.sight.last
        if look is None or look.leader is None or look.leader.site == self.plane.site:
            return errors.NoLeaderError()
        return ElsewhereError(look.leader.url)
