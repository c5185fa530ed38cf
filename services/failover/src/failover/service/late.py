"""The verbs on late transactions: listed anywhere, decided at the present owner of each portal."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from db.engine import Address
from db.fence import pair_row, portal_row
from failover import late
from failover.control.demanding import RefusedError
from failover.control.look import Look
from failover.control.portal_wire import PortalRecord
from failover.control.sight import MOST_PORTALS
from failover.database.session import ServerError
from failover.demands import Code, Refusal
from failover.late import Outcome, Selection
from failover.record import Pair, Rejoin, Step
from failover.service.errors import DatabaseUnavailableError, PairUnknownError
from failover.service.plane import Plane
from kernel.ids import PairId, PortalId

USER = "portico_repair"
PAGE = 200

Json = dict[str, Any]


class LateDesk:
    """Logs in where the rows are: no verb needs the site that died."""

    def __init__(self, plane: Plane, password: str) -> None:
        self._plane = plane
        self._password = password

    async def listed(
        self, pair: PairId, portal: PortalId | None, after: int, limit: int
    ) -> list[Json]:
        """Return late changes with the present value of each row."""
        server = self._address(_keeper((await self._look(pair)).records[pair].pair))
        with _failures():
            return await late.listed(server, portal=portal, after=after, limit=limit)

    async def apply(self, pair: PairId, selection: Selection, *, overwrite: bool) -> Outcome:
        """Write the selected changes at the owners of their portals."""
        total = Outcome()
        async for errand in self._errands(pair, selection):
            with _failures():
                done = await late.apply(
                    errand.owner, errand.selection, errand.guard, overwrite=overwrite
                )
            _add(total, done)
        return total

    async def dismiss(self, pair: PairId, selection: Selection) -> Outcome:
        """Mark the selected changes as not wanted."""
        total = Outcome()
        async for errand in self._errands(pair, selection):
            with _failures():
                _add(total, await late.dismiss(errand.owner, errand.selection, errand.guard))
        return total

    async def withdraw(self, pair: PairId) -> Json:
        """Undo the late changes at the returning server, where they are kept already."""
        record = (await self._look(pair)).records[pair].pair
        move = record.move
        if not isinstance(move, Rejoin) or move.step is not Step.RESTART:
            why = "no datacentre stands in its return: there is nothing to withdraw"
            raise RefusedError(Refusal(Code.NOT_WITHDRAWABLE, why))
        with _failures():
            withdrawn = await late.withdraw(
                self._address(move.site), self._address(record.peer_of(move.site))
            )
        return withdrawn.as_json()

    async def _errands(self, pair: PairId, selection: Selection) -> AsyncIterator["_Errand"]:
        """Yield what to do at which server, portal by portal; at last what belongs to no portal."""
        look = await self._look(pair)
        record = look.records[pair].pair
        found = await self._portals(pair, record, selection)
        for start in range(0, len(found), MOST_PORTALS):
            batch = found[start : start + MOST_PORTALS]
            known = await self._plane.sight.portals(batch)
            for portal in batch:
                place = known.get(portal)  # none: deleted meanwhile
                owner = _keeper(record) if place is None else record.serving[place.portal.home]
                wanted = selection if selection.number else Selection(portal=portal)
                yield _Errand(self._address(owner), wanted, pair, record, place)
        if selection.portal is None and not (selection.number and found):
            wanted = selection if selection.number else Selection(is_portalless=True)
            yield _Errand(self._address(_keeper(record)), wanted, pair, record, None)

    async def _portals(
        self, pair: PairId, record: Pair, selection: Selection
    ) -> Sequence[PortalId]:
        """Return the portals that the selected changes belong to."""
        if selection.portal is not None:
            return [PortalId(selection.portal)]
        server, after = self._address(_keeper(record)), (selection.number or 1) - 1
        limit = 1 if selection.number else PAGE
        found: dict[PortalId, None] = {}
        with _failures():
            while changes := await late.listed(server, after=after, limit=limit):
                found |= {PortalId(int(c["portal"])): None for c in changes if c["portal"]}
                after = changes[-1]["number"]
                if selection.number:
                    break
        return list(found)

    async def _look(self, pair: PairId) -> Look:
        look = await self._plane.sight.look()
        if pair not in look.records:
            raise PairUnknownError(pair=pair)
        return look

    def _address(self, site: str) -> Address:
        settings = self._plane.settings
        return Address(settings.site(site).address, settings.ports.mariadb, USER, self._password)


@dataclass(frozen=True, slots=True)
class _Errand:
    """``portal`` is that of all selected changes; without one they belong to none, or to a deleted one."""

    owner: Address
    selection: Selection
    pair: PairId
    record: Pair
    portal: PortalRecord | None

    def guard(self, _portal: int | None) -> Sequence[tuple[str, int]]:
        """Return the fence rows that must be open."""
        if self.portal is None:
            sides = self.record.sides_of(_keeper(self.record))
            return [(pair_row(self.pair, side), self.record.term) for side in sides]
        portal = self.portal.portal
        return [
            (pair_row(self.pair, portal.home), self.record.term),
            (portal_row(self.portal.id), portal.epoch),
        ]


def _keeper(pair: Pair) -> str:
    """Return a site whose database is in service and keeps the late changes."""
    if pair.away is not None:
        return pair.peer_of(pair.away)
    return pair.serving[pair.sites[0]]


def _add(total: Outcome, done: Outcome) -> None:
    total.done += done.done
    total.left += done.left
    total.conflicts += done.conflicts


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except late.NotOwnerError as error:
        why = str(error) or "the portal is being moved, or served elsewhere: try again"
        raise RefusedError(Refusal(Code.NOT_OWNER, why)) from error
    except (late.NotWithdrawableError, late.UnreadableError) as error:
        raise RefusedError(Refusal(Code.NOT_WITHDRAWABLE, str(error))) from error
    except ServerError as error:
        raise DatabaseUnavailableError from error
