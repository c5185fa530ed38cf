"""Finding what crashes have left: uploads nobody goes on with, objects without a row."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from blobs.bucket import Bucket
from portal.modules.drive.domain import objects
from portal.modules.drive.domain.space import next_sweep
from portal.modules.drive.repository.storage import StorageStore

KEYS_AT_ONCE = 500  # so that even if all of them are orphans a step ends in time


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step came; ``more``: there is more to look at right now."""

    to: str
    more: bool


class Sweep:
    """One bounded step; may be repeated, and done by two at once."""

    def __init__(
        self,
        *,
        bucket: Bucket,
        drop_expired: Callable[[], Awaitable[int]],
        known_keys: Callable[[Collection[str]], Awaitable[frozenset[str]]],
    ) -> None:
        """``drop_expired`` is one transaction, ``known_keys`` one read."""
        self._bucket = bucket
        self._drop_expired = drop_expired
        self._known_keys = known_keys

    async def step(self, swept_to: str, now: datetime) -> Progress:
        """Give up expired uploads, those of dead nodes too, and compare a page of keys with the rows."""
        dropped = await self._drop_expired()
        await self._bucket.sweep(begun_before=now - objects.SETTLED_AFTER)
        page = await self._bucket.list(prefix=objects.PREFIX, after=swept_to, limit=KEYS_AT_ONCE)
        settled = [blob.key for blob in page.blobs if objects.is_settled(blob.key, now)]
        await self._erase_orphans(settled)
        whole_page = page.after is not None and len(settled) == len(page.blobs)
        return Progress(settled[-1] if settled else swept_to, more=whole_page or dropped > 0)

    async def _erase_orphans(self, keys: Sequence[str]) -> None:
        known = await self._known_keys(keys)
        for key in keys:
            if key not in known:
                await self._bucket.delete(key)


async def note(storage: StorageStore, progress: Progress, now: datetime) -> datetime | None:
    """Write how far the sweep is; return when it goes on, ``None`` if not before the next change."""
    await storage.space_for_update()
    changed_at = (await storage.swept()).changed_at
    due_at = now if progress.more else next_sweep(changed_at, now)
    await storage.save_sweep(progress.to, due_at)
    return due_at
