"""Real MariaDB masters for tests: a pair with the product's own settings, to be killed and frozen."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql
from pymysql.connections import Connection

from cluster import configuration, mariadb, replication, secrets
from cluster.health import wait_while
from cluster.layout import TOPOLOGIES, Layout
from kernel import secrets as kernel_secrets
from kernel import settings
from kernel.settings import Settings, Site
from testkit import addresses
from testkit.process import Process

ANSWERS_SECONDS = 30.0
STATEMENT_SECONDS = 30


class Server(Process):
    """One mariadbd; it keeps its data when it is killed and started again."""

    def __init__(self, layout: Layout, site: Site) -> None:
        self.layout = layout
        self.site = site
        config = layout.config(site.name, "my.cnf")
        command = ("mariadbd", f"--defaults-file={config}")
        super().__init__(command, layout.log / f"{site.name}.log")

    def begin(self) -> None:
        """Make its empty database, start it, and make what every server has."""
        mariadb.install(self.layout, self.site)
        self.start()
        self.wait()
        mariadb.ensure_contents(self.layout, self.site)

    def ensure_running(self) -> None:
        """Start it if it has ended, and wait until it takes sessions."""
        if self.has_ended:
            self.kill()
            self.start()
        self.wait()

    def wait(self) -> None:
        """Wait until it takes sessions."""
        wait_while(lambda: mariadb.trouble(self.layout, self.site), ANSWERS_SECONDS)

    def connect(self, role: str = "portal", user: str = "portico_app") -> Connection:
        """Open a session of one of our services."""
        password = kernel_secrets.load(self.layout.settings.secrets_dir, role)["db_password"]
        return self._connect(user, password, host=self.site.address)

    def connect_as_root(self) -> Connection:
        """Open a session that may do anything, and whose writes the peer gets."""
        password = kernel_secrets.load(self.layout.settings.secrets_dir, "mariadb")["root_password"]
        return self._connect("root", password, socket=mariadb.socket(self.layout, self.site))

    def _connect(
        self, user: str, password: str, host: str | None = None, socket: Path | None = None
    ) -> Connection:
        return pymysql.connect(
            host=host,
            port=self.layout.settings.ports.mariadb,
            unix_socket=None if socket is None else str(socket),
            user=user,
            password=password,
            database="portico",
            autocommit=True,
            connect_timeout=5,
            read_timeout=STATEMENT_SECONDS,
        )


@dataclass(frozen=True)
class Masters:
    """The two masters of the only pair, by the names of their sites."""

    settings: Settings
    servers: Mapping[str, Server]


@contextmanager
def running(folder: Path) -> Iterator[Masters]:
    """Run two masters that replicate each other, read-only as they start; kill them at the end."""
    layout = _layout(folder)
    servers = {site.name: Server(layout, site) for site in layout.settings.datacentres}
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(Server.begin, servers.values()))
        (pair,) = layout.settings.pairs
        for server in servers.values():
            mariadb.open_first_term(layout, server.site, pair)
        replication.ensure(layout, pair)
        replication.wait(layout, pair)
        yield Masters(layout.settings, servers)
    finally:
        for server in servers.values():
            server.kill()


def _layout(folder: Path) -> Layout:
    """Return two datacentres at addresses of their own, with secrets and configuration files."""
    file = folder / "portico.toml"
    file.write_text(_settings_text())
    layout = Layout(settings.load(file), file, fast=True)
    layout.log.mkdir(parents=True)
    secrets.ensure(layout.settings.secrets_dir)
    configuration.write(configuration.render(layout))
    return layout


def _settings_text() -> str:
    """Return our own installation at other addresses; its ``var`` is beside the file."""
    text = TOPOLOGIES["full"].read_text(encoding="utf-8")
    sites = settings.load(TOPOLOGIES["full"]).sites
    for site, host in zip(sites, addresses.private(len(sites)), strict=True):
        text = text.replace(f'"{site.address}"', f'"{host}"')
    return text
