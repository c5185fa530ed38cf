"""The steps of a sign-up between the claim of the host and the publication of the route.

Each can be repeated at will, by any node, and undone whether it was done wholly, in part or not at all.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Protocol

from blobs.provisioning import StorageAdmin
from signup.fences import Fences
from signup.saga import EPOCH, Saga
from signup.web_nodes import WebNodes


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
    """The row that lets the owner datacentre write the portal."""

    name: ClassVar[str] = "fence"

    def __init__(self, fences: Fences) -> None:
        self._fences = fences

    async def do(self, saga: Saga) -> Saga:
        """Open it."""
        await self._fences.open(_owner(saga), saga.portal, EPOCH)
        return saga

    async def undo(self, saga: Saga) -> None:
        """Remove it where the pair is served now; one at a former owner opens no portal there is."""
        await self._fences.remove(_owner(saga), saga.portal, EPOCH)


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
        await self._fences.open(_owner(saga), saga.portal, EPOCH)
        await self._web_nodes.remove(saga)


Steps = Sequence[Step]


def _owner(saga: Saga) -> str:
    assert saga.owner is not None  # noqa: S101  # the conductor looks it up before any step
    return saga.owner
