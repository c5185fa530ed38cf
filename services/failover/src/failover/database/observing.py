"""What a server says of itself, read in one round trip, made into ``state.Database``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from db.fence import pair_row
from failover.database.line import Rows
from failover.database.process import ServerProcess
from failover.database.receiver import Receiver
from failover.record import Position
from failover.state import Database, Fence
from kernel.ids import PairId
from kernel.settings import Site

OPEN = b"open"

# In this order: what was obeyed, then the fences it left, then the positions; so whoever sees a closed
# fence sees a position that has all that passed it.
QUESTION = """
SELECT name, epoch, state FROM portico_fence.fence WHERE name IN (%s, %s)
UNION ALL SELECT 'obeyed', revision, '' FROM portico_fence.obeyed;
SHOW ALL SLAVES STATUS;
SELECT
  @@GLOBAL.read_only AS is_read_only,
  @@GLOBAL.rpl_semi_sync_master_enabled AS waits_for_peer,
  @@GLOBAL.gtid_slave_pos AS applied,
  @@GLOBAL.gtid_binlog_pos AS logged,
  (SELECT MAX(ID) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Slave_SQL') AS applier,
  (SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS
    WHERE VARIABLE_NAME = 'Rpl_semi_sync_master_clients') AS clients,
  (SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS
    WHERE VARIABLE_NAME = 'Rpl_semi_sync_master_wait_sessions') AS waiting_commits
"""


def fence_of(row: Mapping[str, Any]) -> Fence:
    """Read a row of ``portico_fence.fence``."""
    return Fence(row["epoch"], is_open=row["state"] == OPEN)


@dataclass(slots=True)
class Observer:
    """Knows what a single answer cannot tell: since when the receiver hears, when a fence was closed."""

    own: Site
    peer: Site
    pair: PairId
    receiver: Receiver = field(default_factory=Receiver)
    closed: dict[str, tuple[int, Fence, Position]] = field(default_factory=dict)

    @property
    def arguments(self) -> Sequence[object]:
        """Return the values for ``QUESTION``: the rows of the pair's sides."""
        return tuple(pair_row(self.pair, site.name) for site in (self.own, self.peer))

    def facts(self, results: Sequence[Rows], process: ServerProcess, now: float) -> Database:
        """Return the facts of one answer to ``QUESTION``; ``now`` is a monotonic clock's."""
        rows, replication, (values,) = results
        obeyed, fences = self._obedience(rows)
        logged = self.position(values["logged"])
        applied = {**self.position(values["applied"]), self.own.name: logged.get(self.own.name, 0)}
        follower = replication[0] if replication else None
        arrived = self.position(follower["Gtid_IO_Pos"] if follower else "")
        received = {
            site.name: max(arrived.get(site.name, 0), applied.get(site.name, 0))
            for site in (self.own, self.peer)
        }
        peer = self.peer.name
        heard = self.receiver.look(follower, received[peer], applied.get(peer, 0), now)
        waits = bool(values["waits_for_peer"])
        is_read_only = bool(values["is_read_only"])
        return Database(
            run=f"{process.started}/{values['applier'] or 0}",
            obeyed=obeyed,
            is_pristine=process.is_replica and is_read_only,
            is_read_only=is_read_only,
            waits_for_peer=waits,
            is_replied_to=waits and int(values["clients"]) > 0,
            receiver_runs=heard.runs,
            receiver_silent_seconds=heard.silent_seconds,
            receiver_heard_seconds=heard.heard_seconds,
            received=received,
            applied=applied,
            logged=logged,
            fences=fences,
            closed_at=self._closed_at(obeyed, fences, logged),
            waiting_commits=int(values["waiting_commits"]),
            lag_seconds=heard.lag_seconds,
        )

    def _obedience(self, rows: Rows) -> tuple[int, dict[str, Fence]]:
        known = {row["name"]: row for row in rows}
        obeyed = known.get(b"obeyed")
        fences = {}
        for site in (self.own, self.peer):
            row = known.get(pair_row(self.pair, site.name).encode())
            if row is not None:
                fences[site.name] = fence_of(row)
        return (0 if obeyed is None else obeyed["epoch"]), fences

    def position(self, gtids: str) -> Position:
        """Read ``domain-server-number,...`` as far as it is of this pair; a site is its domain."""
        domains = {site.id_offset: site.name for site in (self.own, self.peer)}
        numbers = ((int(part) for part in gtid.split("-")) for gtid in gtids.split(",") if gtid)
        return {domains[d]: number for d, _, number in numbers if d in domains}

    def _closed_at(
        self, obeyed: int, fences: Mapping[str, Fence], logged: Position
    ) -> dict[str, Position]:
        """Remember what was logged when a fence was first seen closed under this record."""
        for side, fence in fences.items():
            if fence.is_open:
                self.closed.pop(side, None)
            elif self.closed.get(side, (None, None))[:2] != (obeyed, fence):
                self.closed[side] = (obeyed, fence, logged)
        return {side: position for side, (_, _, position) in self.closed.items()}
