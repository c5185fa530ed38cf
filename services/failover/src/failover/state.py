"""What one observer sees of one pair: frozen, complete, the only input of a decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from failover.record import Pair, Position


@dataclass(frozen=True, slots=True)
class Fence:
    """One fence row of a side on one server; no row is a closed fence."""

    term: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The contents were compared under the record of ``revision``."""

    revision: int
    is_equal: bool


@dataclass(frozen=True, slots=True)
class Database:
    """What a database said of itself. ``obeyed``: the highest record revision it took a command of.

    ``run`` changes whenever received, unapplied transactions may have been thrown away: with the server's
    start and with the start of its applier. ``is_pristine``: started as a replica, not written since.
    ``is_replied_to``: a receiver that acknowledges is connected (``Rpl_semi_sync_master_clients``); one that
    connected while nobody waited does not. ``receiver_heard_seconds``: since when the own one is connected.
    ``received``: in its relay log or applied; ``logged``: in its binary log, waiting commits included.
    ``closed_at``: for each closed fence what was logged when the agent first saw it closed under ``obeyed``.
    """

    run: str
    obeyed: int
    is_pristine: bool
    is_read_only: bool
    waits_for_peer: bool
    is_replied_to: bool
    receiver_runs: bool
    receiver_silent_seconds: float
    receiver_heard_seconds: float
    received: Position
    applied: Position
    logged: Position
    fences: Mapping[str, Fence]
    closed_at: Mapping[str, Position] = field(default_factory=dict)
    waiting_commits: int = 0
    lag_seconds: float = 0.0
    comparison: Comparison | None = None

    @property
    def hears_peer(self) -> bool:
        """Tell whether replication from the peer is connected."""
        return self.receiver_runs and self.receiver_silent_seconds == 0

    def opens(self, side: str, term: int) -> bool:
        """Tell whether the fence lets writes of ``side`` pass that carry ``term``."""
        fence = self.fences.get(side)
        return fence is not None and fence.is_open and fence.term == term


@dataclass(frozen=True, slots=True)
class Report:
    """What the agent of one site says: of its database, and since when it cannot reach the others'.

    A report is read after the record, so ``database.obeyed`` bounds what the facts have seen.
    """

    site: str
    wall: float
    database: Database | None
    unseen_seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The pair as one observer sees it. ``pair`` is ``None`` without a majority of etcd.

    ``ages`` are measured by the observer's monotonic clock since it saw the report change: clocks of two
    machines are never compared. ``late``: how much older a report may be, for the observer had read nothing
    for so long when it saw it. ``leads_seconds``: what is left of its leadership, 0 if another leads.
    ``nodes_behind``: live web nodes that have not confirmed this record.
    """

    observer: str
    witness: str
    wall: float
    leads_seconds: float
    pair: Pair | None
    reports: Mapping[str, Report]
    ages: Mapping[str, float]
    nodes_behind: int = 0
    late: Mapping[str, float] = field(default_factory=dict)
