"""The verbs. Each names the record revision it was decided on; each may be done twice.

``ChangeRecord`` is a compare-and-set in etcd. All others are one command to one database, which keeps the
highest revision it ever obeyed (``Database.obeyed``) and refuses lower ones in the same statement: a
command of a process that slept through a change does nothing.
"""

from dataclasses import dataclass

from failover.record import Pair


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """Write ``after`` if the record still has ``revision`` and the writer still leads."""

    after: Pair
    revision: int


@dataclass(frozen=True, slots=True)
class Resign:
    """Give up leadership."""


@dataclass(frozen=True, slots=True)
class Note:
    """Nothing but the revision: from now on the database refuses commands of older records."""

    revision: int


@dataclass(frozen=True, slots=True)
class StopReceiver:
    """``STOP SLAVE IO_THREAD``, never the applier: the peer gets no acknowledgement any more."""

    revision: int


@dataclass(frozen=True, slots=True)
class StartReceiver:
    """``START SLAVE IO_THREAD``, and the applier if it stands."""

    revision: int


@dataclass(frozen=True, slots=True)
class AwaitPeer:
    """``rpl_semi_sync_master_enabled=ON``: acknowledge nothing that the peer has not received."""

    revision: int


@dataclass(frozen=True, slots=True)
class AcknowledgeAlone:
    """``rpl_semi_sync_master_enabled=OFF``: waiting commits are answered at once."""

    revision: int


@dataclass(frozen=True, slots=True)
class SetFence:
    """Write a side's fence row, locally; closing waits for the open writers."""

    side: str
    term: int
    is_open: bool
    revision: int


@dataclass(frozen=True, slots=True)
class AcceptWrites:
    """``read_only=0``. There is no opposite: servers start read-only, and setting it may hang."""

    revision: int


@dataclass(frozen=True, slots=True)
class RestartSafely:
    """Kill it, start it with ``--init-rpl-role=SLAVE --read-only=1`` and semi-sync off."""

    revision: int


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare all contents with the peer's, in snapshots at one position; the result is reported."""

    revision: int


Command = (
    Note
    | StopReceiver
    | StartReceiver
    | AwaitPeer
    | AcknowledgeAlone
    | SetFence
    | AcceptWrites
    | RestartSafely
    | Compare
)
