"""Makes the two masters of a pair replicate each other, once."""

import functools

from cluster import mariadb
from cluster.health import wait_while
from cluster.layout import Layout
from kernel import secrets
from kernel.settings import Pair, Site

CONNECTED_SECONDS = 30.0
# A peer that sends nothing shows well within the second after which it counts as dead
HEARTBEAT_SECONDS = 0.2


def ensure(layout: Layout, pair: Pair) -> None:
    """Connect both masters to each other where they are not.

    Only for a pair that serves nobody yet: later, replication that stands still may do so on purpose
    (a failover stops it to fence the old owner), and a restart of both threads throws away relay logs.
    """
    for name in pair.sites:
        peer = layout.peer(name)
        if peer is not None:
            _connect(layout, layout.settings.site(name), peer)


def wait(layout: Layout, pair: Pair) -> None:
    """Wait until each master receives, acknowledges and applies what the other one writes."""
    for name in pair.sites:
        site, peer = layout.settings.site(name), layout.peer(name)
        if peer is not None:
            wait_while(functools.partial(_trouble, layout, site, peer), CONNECTED_SECONDS)


def _connect(layout: Layout, site: Site, peer: Site) -> None:
    password = secrets.load(layout.settings.secrets_dir, "mariadb")["repl_password"]
    with mariadb.session(layout, site) as database:
        if not database.execute("SHOW SLAVE STATUS"):
            database.execute(
                "CHANGE MASTER TO MASTER_HOST=%s, MASTER_PORT=%s, MASTER_USER='portico_repl',"
                " MASTER_PASSWORD=%s, MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1,"
                " MASTER_HEARTBEAT_PERIOD=%s",
                (peer.address, layout.settings.ports.mariadb, password, HEARTBEAT_SECONDS),
            )
        database.execute("START SLAVE")


def _trouble(layout: Layout, site: Site, peer: Site) -> str:
    """Say why ``site`` does not follow ``peer`` or is not followed; nothing if all is well."""
    with mariadb.session(layout, site) as database:
        database.execute("SHOW SLAVE STATUS")
        follower = database.fetchone() or {}
        database.execute("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'")
        followers = int((database.fetchone() or {"Value": 0})["Value"])
    if [follower.get(f"Slave_{thread}_Running") for thread in ("IO", "SQL")] != ["Yes", "Yes"]:
        error = follower.get("Last_IO_Error") or follower.get("Last_SQL_Error") or "no error given"
        return f"{site.name} does not replicate from {peer.name}: {error}"
    return "" if followers else f"{peer.name} does not acknowledge what {site.name} writes"
