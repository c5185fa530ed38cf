"""Two real masters with the product's tables, for tests of contents: written, cut apart, killed, rejoined."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from db.engine import Address
from kernel import secrets
from kernel.settings import Settings
from testkit.checkout import ROOT
from testkit.mariadb import Server, running

A, B = "dc-a", "dc-b"
DEADLINE_SECONDS = 60.0
AS_A_REPLICA = (
    "--init-rpl-role=SLAVE",
    "--read-only=1",
    "--rpl-semi-sync-master-enabled=OFF",
    "--skip-slave-start",
    "--innodb-flush-log-at-trx-commit=2",
)
SCHEMA = ROOT / "services" / "portal" / "migrations" / "versions"


@dataclass(frozen=True, slots=True)
class Masters:
    """The pair; ``local`` writes stay on one server."""

    settings: Settings
    servers: Mapping[str, Server]
    _roots: dict[str, Connection] = field(default_factory=dict)

    def address(self, site: str, user: str = "repair") -> Address:
        """Return where a server is, as one of the users of the role."""
        password = {"repair": "repair_password", "failover": "db_password"}[user]
        held = secrets.load(self.settings.secrets_dir, "failover")[password]
        host = self.settings.site(site).address
        return Address(host, self.settings.ports.mariadb, f"portico_{user}", held)

    def write(self, site: str, *statements: str, local: bool = False) -> None:
        """Run statements as one transaction."""
        with self._session(site) as cursor:
            cursor.execute("SET SESSION sql_log_bin = %s", (int(not local),))
            cursor.execute("START TRANSACTION")
            for statement in statements:
                cursor.execute(statement)
            cursor.execute("COMMIT")
            cursor.execute("SET SESSION sql_log_bin = 1")

    def rows(self, site: str, query: str, arguments: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run a query."""
        with self._session(site) as cursor:
            cursor.execute(query, arguments)
            return list(cursor.fetchall())

    def set(self, site: str, *statements: str) -> None:
        """Run statements that are no transaction."""
        with self._session(site) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def position(self, site: str) -> dict[str, str]:
        """Return the last GTID per domain."""
        (row,) = self.rows(site, "SELECT @@GLOBAL.gtid_binlog_pos AS gtids")
        return {gtid.split("-")[0]: gtid for gtid in row["gtids"].split(",") if gtid}

    def threads(self, site: str) -> tuple[str, str]:
        """Return whether receiver and applier run."""
        (row,) = self.rows(site, "SHOW SLAVE STATUS")
        return row["Slave_IO_Running"], row["Slave_SQL_Running"]

    def is_level(self) -> bool:
        """Whether both replicate and have logged the same."""
        both = ("Yes", "Yes")
        are_on = self.threads(A) == self.threads(B) == both
        return are_on and self.position(A) == self.position(B) and self._are_replied_to()

    def _are_replied_to(self) -> bool:
        clients = "SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'"
        return all(int(self.rows(site, clients)[0]["Value"]) > 0 for site in (A, B))

    def lose(self, lost: str, survivor: str, *late: Sequence[str]) -> None:
        """Cut the master off, let it commit alone, kill it, and start it as a replica again."""
        self.set(survivor, "STOP SLAVE IO_THREAD", "SET GLOBAL rpl_semi_sync_master_enabled = OFF")
        self.set(lost, "STOP SLAVE IO_THREAD", "SET GLOBAL rpl_semi_sync_master_enabled = OFF")
        for transaction in late:
            self.write(lost, *transaction)
        self.restart(lost, AS_A_REPLICA)

    def restart(self, site: str, flags: tuple[str, ...]) -> None:
        """Kill a server and start it with further flags."""
        self._roots.pop(site).close()
        server = self.servers[site]
        server.kill()
        server._command = tuple(dict.fromkeys((*server._command, *flags)))
        server.start()
        server.wait()

    def rejoin(self, lost: str, survivor: str) -> None:
        """Catch up, replicate both ways again, and wait for each other: in this order."""
        self.set(lost, "START SLAVE")
        eventually(lambda: self.position(lost) == self.position(survivor))
        for site in (lost, survivor):
            self.set(site, "SET GLOBAL rpl_semi_sync_master_enabled = ON")
        self.set(survivor, "START SLAVE")
        # a receiver acknowledges only if the other server waited when it connected
        self.set(
            lost, "STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD", "SET GLOBAL read_only = OFF"
        )
        eventually(self.is_level)

    def close(self) -> None:
        """End the sessions."""
        for root in self._roots.values():
            root.close()

    @contextmanager
    def _session(self, site: str) -> Iterator[DictCursor]:
        """Lend the one session of root there is per server; a write of two threads needs its own."""
        if site not in self._roots:
            self._roots[site] = self.servers[site].connect_as_root()
        with self._roots[site].cursor(DictCursor) as cursor:
            yield cursor


@contextmanager
def masters(folder: Path) -> Iterator[Masters]:
    """Run the pair, with the tables of all migrations."""
    with running(folder) as found:
        pair = Masters(found.settings, found.servers)
        for site in (A, B):
            # what the killed one committed must be on its disk, or it would not be late
            pair.set(
                site, "SET GLOBAL innodb_flush_log_at_trx_commit = 2", "SET GLOBAL read_only = OFF"
            )
        for file in sorted(SCHEMA.glob("*.sql")):
            pair.write(A, *_statements(file.read_text("utf-8")))
        eventually(pair.is_level)
        yield pair
        pair.close()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)


def _statements(text: str) -> list[str]:
    lines = (line for line in text.splitlines() if not line.startswith("--"))
    return [part for part in "\n".join(lines).split(";\n") if part.strip()]
