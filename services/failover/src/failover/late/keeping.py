"""Keeps what the returning server has and its peer never received, before anything is undone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from failover.compare.positions import logged, number
from failover.compare.tables import PORTAL
from failover.database.session import Session
from failover.late import shelf
from failover.late.log import Begin, Change, Entry, LogReader

ROWS_AT_ONCE = 200


def late_domains(own: Mapping[int, str], peer: Mapping[int, str]) -> dict[int, int]:
    """Return the domains in which ``own`` has more, and the last number that ``peer`` has of each."""
    known = {domain: number(gtid) for domain, gtid in peer.items()}
    return {
        domain: known.get(domain, 0)
        for domain, gtid in own.items()
        if number(gtid) > known.get(domain, 0)
    }


async def keep(reading: Session, own: Session, peer: Session) -> int:
    """Copy all late changes from the log of ``own`` to ``peer``; return how many were not there yet.

    ``reading`` is a second session to the own server. May be repeated: a transaction is kept wholly or not
    at all, and skipped when it is there.
    """
    have, known = await logged(own), await logged(peer)
    late = late_domains(have, known)
    # where nothing is late nothing is asked for: the peer may be far ahead there
    after = {d: known[d] if d in late else have[d] for d in have if d in known or d not in late}
    copying = _Copying(peer)
    if late:
        async for entry in LogReader(reading, own).entries(after, have):
            await copying.take(entry)
    return copying.total


@dataclass(slots=True)
class _Copying:
    """Writes transactions as they come, in batches, each transaction as one."""

    peer: Session
    total: int = 0
    _begin: Begin | None = None
    _is_new: bool = False
    _ordinal: int = 0
    _rows: list[list[Any]] = field(default_factory=list)
    _actors: dict[int | None, int] = field(default_factory=dict)

    async def take(self, entry: Entry) -> None:
        if isinstance(entry, Begin):
            self._begin, self._ordinal = entry, 0
            self._is_new = not await shelf.has(self.peer, entry.gtid)
            await self.peer.change("START TRANSACTION")
        elif isinstance(entry, Change):
            if self._is_new:
                await self._add(entry)
        else:
            await self._end()

    async def _add(self, change: Change) -> None:
        begin = self._begin
        if begin is None:
            raise RuntimeError("a change outside of a transaction")
        portal = (change.after or change.before or {}).get(PORTAL)
        if change.table == shelf.JOURNAL and change.after and change.after["actor"] is not None:
            self._actors[portal] = change.after["actor"]
        self._ordinal += 1
        at = datetime.fromtimestamp(begin.at, UTC).replace(tzinfo=None)
        self._rows.append(shelf.row(begin.gtid, self._ordinal, at, portal, change))
        if len(self._rows) >= ROWS_AT_ONCE:
            await self._write()

    async def _end(self) -> None:
        await self._write()
        if self._begin is not None:
            await shelf.name_actors(self.peer, self._begin.gtid, self._actors)
        await self.peer.change("COMMIT")
        self.total += self._ordinal
        self._begin = None
        self._actors.clear()

    async def _write(self) -> None:
        if self._rows:
            await shelf.add(self.peer, self._rows)
            self._rows.clear()
