"""The steps of a sign-up between the claim of the host and the publication of the route.

Each can be repeated at will, by any node, and undone whether it was done wholly, in part or not at all.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import ClassVar, Protocol

from blobs.provisioning import StorageAdmin
from db.errors import DatabaseUnavailableError
from signup.fences import Fences
from signup.saga import EPOCH, Saga
from signup.web_nodes import WebNodes

_log = logging.getLogger(__name__)

TRIED_SECONDS = 1.0


class Step(Protocol):
    """One server's part of a sign-up."""

    @property
    def name(self) -> str:
        """Stable: it is written into sagas."""

    async def do(self, saga: Saga) -> Saga:
        """Do it, and return the saga with what was learnt."""

    async def undo(self, saga: Saga) -> None:
        """Remove whatever there is of it."""


class StorageStep:
    """The portal's bucket and its own key."""

    name: ClassVar[str] = "storage"

    def __init__(self, storage: StorageAdmin) -> None:
        self._storage = storage

    async def do(self, saga: Saga) -> Saga:
        """Make them."""
        return replace(saga, account=await self._storage.create(saga.portal))

    async def undo(self, saga: Saga) -> None:
        """Remove them."""
        await self._storage.remove(saga.portal)


class FenceStep:
    """The rows that let the owner datacentre write the portal, and its peer once it takes over."""

    name: ClassVar[str] = "fence"

    def __init__(self, fences: Fences) -> None:
        self._fences = fences

    async def do(self, saga: Saga) -> Saga:
        """Open them. A standby that is not needed is tried; its agent brings it up to date later."""
        served = saga.served
        await self._fences.open(served.owner, saga.portal, EPOCH)
        if served.standby and served.needs_standby:
            await self._fences.open(served.standby, saga.portal, EPOCH)
        elif served.standby:
            await _tried(self._fences.open(served.standby, saga.portal, EPOCH))
        return saga

    async def undo(self, saga: Saga) -> None:
        """Remove them where that is possible; one that stays opens no portal there is."""
        served = saga.served
        await self._fences.remove(served.owner, saga.portal, EPOCH)
        if served.standby:
            await _tried(self._fences.remove(served.standby, saga.portal, EPOCH))


class RowsStep:
    """The company, its administrator and his session; the confirmation mail is enqueued with them."""

    name: ClassVar[str] = "rows"

    def __init__(self, web_nodes: WebNodes, fences: Fences) -> None:
        self._web_nodes = web_nodes
        self._fences = fences

    async def do(self, saga: Saga) -> Saga:
        """Write them."""
        return replace(saga, user=await self._web_nodes.found(saga))

    async def undo(self, saga: Saga) -> None:
        """Remove them: a write, so the fence must be open, also where the pair moved to meanwhile."""
        await self._fences.open(saga.served.owner, saga.portal, EPOCH)
        await self._web_nodes.remove(saga)


Steps = Sequence[Step]


async def _tried(attempt: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(TRIED_SECONDS):
            await attempt
    except (DatabaseUnavailableError, TimeoutError) as error:
        _log.warning("standby without a portal's fence", extra={"reason": repr(error)})
