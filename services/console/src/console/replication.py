"""How far the two masters of a pair are behind each other."""

import contextlib
import time
from typing import Any, Self

import pymysql

from console import database
from console.installation import Installation
from kernel.settings import Pair, Site

PATIENCE_SECONDS = 2


def lag_ms(installation: Installation, pair: Pair) -> float | None:
    """Measure how long the slower side needs to apply all that the other has written by now.

    0 for a master that stands alone, ``None`` if it takes longer than two seconds or a side is away.
    """
    if len(pair.sites) == 1:
        return 0.0
    try:
        with contextlib.ExitStack() as connections:
            here, there = (
                connections.enter_context(_Server(installation, installation.settings.site(name)))
                for name in pair.sites
            )
            lags = [_seconds(here, there), _seconds(there, here)]
    except pymysql.Error:
        return None
    return None if None in lags else round(max(s for s in lags if s is not None) * 1000, 1)


class _Server:
    """A connection of the monitoring user to one master."""

    def __init__(self, installation: Installation, site: Site) -> None:
        self.domain = str(site.id_offset)
        port = installation.settings.ports.mariadb
        self._connection = database.connect(installation, site.address, port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, statement: str, *values: Any) -> Any:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            row = cursor.fetchone()
        return row[0] if row else None


def _seconds(writer: _Server, reader: _Server) -> float | None:
    """Return how long the reader takes to catch up; ``None`` if it does not in time."""
    position = _written(writer.ask("SELECT @@gtid_binlog_pos"), writer.domain)
    started_at = time.monotonic()
    caught_up = reader.ask("SELECT MASTER_GTID_WAIT(%s, %s)", position, PATIENCE_SECONDS)
    return time.monotonic() - started_at if caught_up == 0 else None


def _written(position: str, domain: str) -> str:
    """Keep the server's own writes: those it got from its peer the peer never waits for."""
    return ",".join(gtid for gtid in position.split(",") if gtid.split("-")[0] == domain)
