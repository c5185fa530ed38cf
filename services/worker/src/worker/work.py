"""All of the work: one scout, one sweeper, and as many runners as may run at once.

Deliveries to strangers' servers have runners of their own: a stranger's server that hangs costs seconds
each time, and no mail or import waits for that.
"""

import asyncio
from collections.abc import Mapping

from db.engine import Database
from jobs import deliveries
from worker.backlog import Backlog
from worker.ownership import Owned, Placed
from worker.runner import Handler, Handlers, Runner
from worker.scout import Scout
from worker.sweeper import Sweeper

# Turns mostly wait for others (SMTP, a web node), so this is about their load, not our cores.
AT_ONCE = 16
DELIVERIES_AT_ONCE = 16


class Work:
    """Runs until it is told to stop."""

    def __init__(
        self,
        *,
        database: Database,
        owned: Owned,
        placed: Placed,
        handlers: Mapping[str, Handler],
        otherwise: Handler,
        name: str,
    ) -> None:
        self._database = database
        self._ours, self._deliveries = Backlog(), Backlog()
        self._scout = Scout(database, owned, self._backlog_of)
        self._sweeper = Sweeper(database, owned)
        self._runners = [
            Runner(
                database=database,
                owned=owned,
                placed=placed,
                backlog=backlog,
                handlers=Handlers(handlers, otherwise),
                name=name,
            )
            for backlog, at_once in (
                (self._ours, AT_ONCE),
                (self._deliveries, DELIVERIES_AT_ONCE),
            )
            for _ in range(at_once)
        ]
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work; return when told to stop and the turns that had begun have ended."""
        async with asyncio.TaskGroup() as group:
            looking = [group.create_task(w.run()) for w in (self._scout, self._sweeper)]
            for runner in self._runners:
                group.create_task(runner.run())
            await self._stopping.wait()
            for task in looking:
                task.cancel()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping.set()
        self._ours.close()
        self._deliveries.close()

    async def ready(self) -> str | None:
        """Return ``None`` if work can be done, else one sentence why not."""
        if self._stopping.is_set():
            return "stopping"
        if self._scout.is_blind:
            return "no successful look for due jobs lately"
        return await self._database.ping()

    def _backlog_of(self, kind: str) -> Backlog:
        return self._deliveries if kind == deliveries.KIND else self._ours
