"""The portal's space: counted in the transaction that changes it, one change after the other."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from portal.modules.drive.domain.space import SWEEP_EVERY, Space, needs_sweep
from portal.modules.drive.repository.storage import StorageStore


class SpaceKeeper:
    """Changes what is used. The row of the counters is the lock: who counts next, counts with us."""

    def __init__(
        self,
        *,
        storage: StorageStore,
        require_room: Callable[[int, int], Awaitable[None]],
        sweep_later: Callable[[datetime], Awaitable[None]],
        now: datetime,
    ) -> None:
        self._storage = storage
        self._require_room = require_room
        self._sweep_later = sweep_later
        self._now = now

    async def lock(self) -> None:
        """Let every other change wait for us. First of all locks, so that none waits in a circle."""
        await self._storage.space_for_update()

    async def take(self, size: int, change: Callable[[Space], Space]) -> None:
        """Make a change that needs ``size`` bytes more, if the plan has room for them."""
        space, due_at = await self._storage.space_for_update()
        await self._require_room(space.taken, size)
        await self._save(change(space), due_at)

    async def change(self, change: Callable[[Space], Space]) -> None:
        """Make a change that needs no more bytes."""
        space, due_at = await self._storage.space_for_update()
        await self._save(change(space), due_at)

    async def _save(self, space: Space, sweep_due_at: datetime | None) -> None:
        if needs_sweep(sweep_due_at, self._now):
            sweep_due_at = self._now + SWEEP_EVERY
            await self._sweep_later(sweep_due_at)
        await self._storage.save_space(space, sweep_due_at)
