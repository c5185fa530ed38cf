"""One watch of etcd for the whole process: notes since when reports are known, and wakes the loops."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence

import etcd
from failover.control import keys
from failover.control.sight import Sight

BACKOFF_SECONDS = 0.3
Listener = Callable[[str], None]
_log = logging.getLogger(__name__)


class Watcher:
    """Tells each listener which key changed. Losing the watch costs time: the loops look anyway."""

    def __init__(self, client: etcd.Client, sight: Sight, listeners: Sequence[Listener]) -> None:
        self._client = client
        self._sight = sight
        self._listeners = listeners

    async def run(self) -> None:
        """Follow etcd for ever."""
        while True:
            try:
                await self._follow()
            except etcd.EtcdError as error:
                _log.warning("the watch of etcd broke", extra={"reason": str(error)})
            # jitter: all processes lost it at the same moment
            await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS))  # noqa: S311 - not a secret

    async def _follow(self) -> None:
        look = await self._sight.look()
        async with self._client.watch(keys.WATCHED, look.revision + 1) as batches:
            async for batch in batches:
                for event in batch.events:
                    self._hear(event)

    def _hear(self, event: etcd.Event) -> None:
        self._sight.hear(event)
        for listener in self._listeners:
            listener(event.key)
