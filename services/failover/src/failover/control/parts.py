"""What the loops need of others: a database, a probe, a comparison. Tests bring their own."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from failover.actions import Command
from failover.record import Position
from failover.state import Comparison, Database, Fence
from kernel.ids import PortalId


class LocalDatabase(Protocol):
    """The database of the agent's own site. Every call ends within a second or two."""

    async def observe(self) -> Database | None:
        """Return its facts, ``obeyed`` and fences read first; ``None`` if it does not answer."""

    async def obey(self, command: Command) -> bool:
        """Do a command unless a newer one was obeyed; ``False`` if it was refused or did not end."""

    async def set_portal_row(self, portal: PortalId, fence: Fence) -> Position | None:
        """Write one row, never an older one, and return what was logged then; waits for open writers.

        ``None``: the row is higher already, or the server does not answer, or the writers stay.
        """

    async def has_applied(self, position: Position, seconds: float) -> bool:
        """Wait until the server shows all of the position, for so long."""

    async def raise_portal_rows(self, rows: Mapping[PortalId, Fence]) -> bool:
        """Write the rows that are missing or older; ``False`` if some are left."""


class Probe(Protocol):
    """Asks one database whether it lives."""

    @property
    def unseen_seconds(self) -> float:
        """For how long it has not answered; 0 while it does."""


class Summed(Protocol):
    """A comparison's report."""

    def summary(self) -> dict[str, Any]:
        """Return it in numbers."""

    def as_json(self) -> dict[str, Any]:
        """Return it with the keys of the rows that differ: for operators."""


class Comparer(Protocol):
    """Compares the contents of the own database with the peer's."""

    @property
    def report(self) -> Summed | None:
        """That of the last run, also while it runs."""

    async def run(self, revision: int, progress: Callable[[str], None]) -> Comparison:
        """Compare everything under the record of ``revision``; may take hours."""
