"""Sessions of the monitoring user, who sees how a database does and none of what it holds."""

import pymysql

from console.installation import Installation

CONNECT_SECONDS = 2
READ_SECONDS = 4


def connect(
    installation: Installation, host: str, port: int
) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    """Open a session; raises ``pymysql.Error``."""
    return pymysql.connect(
        host=host,
        port=port,
        user="portico_monitor",
        password=installation.secrets()["monitor_password"],
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )
