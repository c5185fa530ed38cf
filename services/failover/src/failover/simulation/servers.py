"""A false MariaDB: binary log, relay log, semi-sync at AFTER_SYNC, local fence rows, two kinds of start."""

from collections.abc import Callable

from failover.actions import (
    AcceptWrites,
    AcknowledgeAlone,
    AwaitPeer,
    Command,
    Compare,
    SetFence,
    StartReceiver,
    StopReceiver,
)
from failover.record import Position
from failover.state import Comparison, Database, Fence

Write = int


class FakeDatabase:
    """One master. ``log`` is the binary log by domain; of its own domain, the tail waits for the peer."""

    def __init__(self, site: str, peer: str, side_of: list[str]) -> None:
        self.site, self.peer = site, peer
        self.side_of = side_of
        self.is_up, self.is_paused = True, False
        self.starts, self.applier_starts = 1, 1
        self.obeyed = 0
        self.is_pristine, self.is_read_only = False, False
        self.waits, self.receiver_runs = True, True
        self.is_replied_to = True
        self.log: dict[str, list[Write]] = {site: [], peer: []}
        self.committed = 0
        self.relay: list[tuple[str, Write]] = []
        self.rows: set[Write] = set()
        self.fences: dict[str, Fence] = {site: Fence(1, is_open=True)}
        self.closed_at: dict[str, Position] = {}
        self.open: list[Write] = []
        self.comparison: Comparison | None = None
        self.on_commit: Callable[[FakeDatabase, Write], None]

    @property
    def answers(self) -> bool:
        """Tell whether a client gets an answer."""
        return self.is_up and not self.is_paused

    @property
    def run(self) -> str:
        """Return what changes when received transactions may be gone."""
        return f"{self.starts}.{self.applier_starts}"

    def tail(self) -> list[Write]:
        """Return the commits that wait for the peer."""
        return self.log[self.site][self.committed :]

    # clients

    def begin(self, write: Write, side: str, term: int) -> bool:
        """Open a transaction: its first statement takes the fence with a shared lock."""
        fence = self.fences.get(side)
        if not self.answers or fence is None or not fence.is_open or fence.term != term:
            return False
        self.open.append(write)
        return True

    def commit(self, write: Write) -> bool:
        """Write the binary log; visible and answered once the peer has it, or at once when alone."""
        self.open.remove(write)
        if self.is_read_only:
            return False
        self.log[self.site].append(write)
        if not self.waits:
            self._release(len(self.log[self.site]))
        return True

    def acknowledge(self, number: int) -> None:
        """The peer has received so many transactions of this domain."""
        self._release(min(number, len(self.log[self.site])))

    def _release(self, number: int) -> None:
        while self.committed < number:
            write = self.log[self.site][self.committed]
            self.committed += 1
            self.rows.add(write)
            self.on_commit(self, write)

    # replication

    def received(self, domain: str) -> int:
        """Count what is applied or in the relay log."""
        return len(self.log[domain]) + sum(1 for d, _ in self.relay if d == domain)

    def receive(self, source: "FakeDatabase", most: int) -> None:
        """Take the next transactions into the relay log."""
        for domain in (source.site, self.site):
            start = self.received(domain)
            news = source.log[domain][start : start + most]
            self.relay += [(domain, write) for write in news]

    def apply(self, most: int) -> None:
        """Make received transactions visible."""
        for domain, write in self.relay[:most]:
            self.log[domain].append(write)
            if domain == self.site:
                self.committed += 1
            self.rows.add(write)
            self.on_commit(self, write)
        del self.relay[:most]

    # processes

    def kill(self) -> None:
        """``kill -9``; what waited stays in the binary log."""
        self.is_up, self.is_paused = False, False
        self.open = []

    def start(self, *, safely: bool) -> None:
        """Start: plainly, which commits what waited, or as a replica, which forgets it."""
        self.is_up, self.is_paused = True, False
        self.open = []
        if safely:
            del self.log[self.site][self.committed :]
        else:
            self._release(len(self.log[self.site]))
        self.starts += 1
        self.relay.clear()
        self.is_read_only, self.is_pristine = True, safely
        self.waits, self.receiver_runs = not safely, False
        self.comparison = None

    def restart_replica_threads(self) -> None:
        """``STOP SLAVE; START SLAVE``: what was received and not applied is thrown away."""
        self.relay.clear()
        self.applier_starts += 1

    # the control plane

    def facts(self, silent_seconds: float, heard_seconds: float) -> Database:
        """Answer the agent."""
        own, peer = self.site, self.peer
        logged = {own: len(self.log[own]), peer: len(self.log[peer])}
        return Database(
            run=self.run,
            obeyed=self.obeyed,
            is_pristine=self.is_pristine,
            is_read_only=self.is_read_only,
            waits_for_peer=self.waits,
            is_replied_to=self.is_replied_to,
            receiver_runs=self.receiver_runs,
            receiver_silent_seconds=silent_seconds,
            receiver_heard_seconds=heard_seconds,
            received={own: self.received(own), peer: self.received(peer)} if self.relay else logged,
            applied={own: self.committed, peer: logged[peer]},
            logged=logged,
            fences=self.fences,
            closed_at=self.closed_at,
            comparison=self.comparison,
        )

    def obey(self, command: Command) -> bool:
        """Do a command unless a newer one was obeyed; return whether it was done."""
        if not self.answers or not self.accepts(command):
            return False
        match command:
            case StopReceiver():
                self.receiver_runs = False
            case StartReceiver():
                self.receiver_runs = True
            case AwaitPeer():
                self.waits = True
            case AcknowledgeAlone():
                self.waits = self.is_replied_to = False
                self._release(len(self.log[self.site]))
            case AcceptWrites():
                self.is_read_only, self.is_pristine = False, False
            case SetFence() if not self.set_fence(command):
                return False
            case _:
                pass
        self.obeyed = command.revision
        return True

    def accepts(self, command: Command) -> bool:
        """Compare the command's revision with the highest one obeyed, under one lock with the command."""
        return command.revision >= self.obeyed

    def set_fence(self, command: SetFence) -> bool:
        """Write a fence row; closing waits for the transactions that hold it, so it may time out."""
        known = self.fences.get(command.side)
        if known is not None and known.term > command.term:
            return False
        if not command.is_open and self.is_locked(command.side):
            return False
        self.fences = {**self.fences, command.side: Fence(command.term, command.is_open)}
        logged = {domain: len(log) for domain, log in self.log.items()}
        self.closed_at = {**self.closed_at, command.side: logged}
        return True

    def is_locked(self, side: str) -> bool:
        """Tell whether an open or waiting transaction holds the fence row of the side."""
        return any(self.side_of[write] == side for write in (*self.open, *self.tail()))

    def compare(self, peer: "FakeDatabase", command: Compare) -> None:
        """Note whether all that this one holds is what the peer holds at the same position."""
        equal = all(peer.log[d][: len(self.log[d])] == self.log[d] for d in self.log)
        self.comparison = Comparison(command.revision, equal)
