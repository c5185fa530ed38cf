"""What runs where: every process of the cluster, in the stages in which it is started."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from cluster.layout import Layout
from kernel.settings import SETTINGS_VARIABLE, Site

DRAIN = "USR1"
"""HAProxy's own word for it: no new connections, answer what is in flight, end. TERM cuts everybody off."""


class Stage(IntEnum):
    """Started in this order, stopped in the reverse one."""

    QUORUMS = 1  # etcd, the object store's monitor: they know who is alive
    STORES = 2  # databases, caches, the object store's disk
    FAILOVER = 3  # who decides about the databases must not see them being stopped
    EDGES = 4  # what speaks to clients or watches: balancers, S3, mail, Prometheus
    ROUTING = 5
    SERVICES = 6
    WATCH = 7  # nobody may take for broken what is being stopped


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process under supervisord.

    ``listens`` are its addresses (``host:port``), the main one first. ``health`` is an ``http`` URL
    that answers 200, or a ``mysql`` one that takes a session; without it, a process that accepts
    connections is healthy, and one that listens nowhere fixed (the OSD) while it runs. ``liveness``
    is what the watchdog asks: of our own processes only. ``metrics`` is where Prometheus asks.
    """

    site: Site
    name: str
    stage: Stage
    command: tuple[str | Path, ...]
    listens: tuple[str, ...] = ()
    health: str = ""
    liveness: str = ""
    metrics: str = ""
    user: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    stop_seconds: int = 20
    stop_signal: str = "TERM"

    @property
    def full_name(self) -> str:
        """The name supervisord knows: ``dc-a:mariadb``."""
        return f"{self.site.name}:{self.name}"

    @property
    def start(self) -> tuple[str | Path, ...]:
        """What supervisord starts: the command, inside the site's network namespace if it has one."""
        if self.site.namespace is None:
            return self.command
        # only root may enter a namespace, so the user changes after that
        enter = ("nsenter", f"--net=/run/netns/{self.site.namespace}")
        become = (f"--reuid={self.user}", f"--regid={self.user}", "--init-groups")
        return (*enter, *(("setpriv", *become) if self.user else ()), *self.command)

    @property
    def address(self) -> str:
        """Where it is reached."""
        return self.listens[0] if self.listens else self.site.address

    @property
    def probe(self) -> str:
        """What to ask: a URL, ``tcp://host:port``, or nothing."""
        return self.health or (f"tcp://{self.listens[0]}" if self.listens else "")


def all_programs(layout: Layout) -> tuple[Program, ...]:
    """Return every program of the cluster."""
    return tuple(_programs(layout))


def _programs(layout: Layout) -> Iterator[Program]:
    for site in layout.settings.sites:
        yield _etcd(layout, site)
        if layout.has_agents:
            port = layout.settings.ports.failover
            yield _service(layout, site, "failover", port, stage=Stage.FAILOVER)
    for site in layout.settings.datacentres:
        yield _mariadb(layout, site)
        yield _memcached(layout, site)
        yield _balancer(layout, site)
        yield from _services(layout, site)
    shared = layout.settings.site(layout.settings.shared_site)
    yield from _ceph(layout, shared)
    yield _door(layout, shared)
    yield _mail(layout, shared)
    yield _prometheus(layout, shared)
    for site in layout.settings.sites:
        if site.namespace is None:  # the fault laboratory stops processes for as long as it likes
            yield _watchdog(layout, site)


def _etcd(layout: Layout, site: Site) -> Program:
    ports = layout.settings.ports
    client = f"{site.address}:{ports.etcd_client}"
    return Program(
        site=site,
        name="etcd",
        stage=Stage.QUORUMS,
        command=("etcd", f"--config-file={layout.config(site.name, 'etcd.yml')}"),
        listens=(client, f"{site.address}:{ports.etcd_peer}"),
        health=f"http://{client}/health",
        metrics=client,
    )


def _mariadb(layout: Layout, site: Site) -> Program:
    """One that has a peer may have been taken over from: the launcher finds out how to start it."""
    address = f"{site.address}:{layout.settings.ports.mariadb}"
    launcher = (sys.executable, "-m", "failover.database.start")
    alone = ("mariadbd", f"--defaults-file={layout.config(site.name, 'my.cnf')}")
    return Program(
        site=site,
        name="mariadb",
        stage=Stage.STORES,
        command=launcher if layout.peer(site.name) else alone,
        listens=(address,),
        health=f"mysql://{address}",  # a bare connection would fill its log with complaints
        environment=_environment(layout, site, "mariadb"),
        stop_seconds=60,
    )


def _memcached(layout: Layout, site: Site) -> Program:
    port = layout.settings.ports.memcached
    listen = (f"--listen={site.address}", f"--port={port}", "--udp-port=0")
    return Program(
        site=site,
        name="memcached",
        stage=Stage.STORES,
        command=("memcached", "--user=nobody", *listen, "--memory-limit=64", "--conn-limit=2048"),
        listens=(f"{site.address}:{port}",),
    )


def _balancer(layout: Layout, site: Site) -> Program:
    ports = layout.settings.ports
    listens = (ports.balancer, ports.balancer_internal, ports.balancer_stats)
    return Program(
        site=site,
        name="haproxy",
        stage=Stage.EDGES,
        command=("haproxy", "-db", "-f", layout.config(site.name, "balancer.cfg")),
        stop_signal=DRAIN,
        listens=tuple(f"{site.address}:{port}" for port in listens),
        metrics=f"{site.address}:{ports.balancer_stats}",
    )


def _door(layout: Layout, site: Site) -> Program:
    door = layout.settings.door
    stats = f"{site.address}:{layout.settings.ports.door_stats}"
    return Program(
        site=site,
        name="door",
        stage=Stage.EDGES,
        command=("haproxy", "-db", "-f", layout.config(site.name, "door.cfg")),
        stop_signal=DRAIN,
        listens=(f"{door.address}:{door.http}", f"{door.address}:{door.https}", stats),
        metrics=stats,
    )


def _ceph(layout: Layout, site: Site) -> Iterator[Program]:
    ports = layout.settings.ports
    flags = ("-f", "-c", layout.config(site.name, "ceph.conf"))
    user = layout.server_user("ceph")
    yield Program(
        site=site,
        name="ceph-mon",
        stage=Stage.QUORUMS,
        command=("ceph-mon", *flags, "-i", "a"),
        listens=(f"{site.address}:{ports.ceph_mon}",),
        user=user,
    )
    yield Program(
        site=site,
        name="ceph-osd",
        stage=Stage.STORES,
        command=("ceph-osd", *flags, "-i", "0"),
        user=user,
    )
    s3 = f"{site.address}:{ports.s3}"
    yield Program(
        site=site,
        name="s3",
        stage=Stage.EDGES,
        command=("radosgw", *flags, "-n", "client.rgw"),
        listens=(s3,),
        health=f"http://{s3}/swift/healthcheck",
        user=user,
    )


def _mail(layout: Layout, site: Site) -> Program:
    port = str(layout.settings.ports.smtp)
    return Program(
        site=site,
        name="mail",
        stage=Stage.EDGES,
        command=(sys.executable, "-m", "cluster.mailsink", site.address, port, layout.mail),
        listens=(f"{site.address}:{port}",),
    )


def _prometheus(layout: Layout, site: Site) -> Program:
    address = f"{site.address}:{layout.settings.ports.prometheus}"
    return Program(
        site=site,
        name="prometheus",
        stage=Stage.EDGES,
        command=(
            "prometheus",
            f"--config.file={layout.config(site.name, 'prometheus.yml')}",
            f"--storage.tsdb.path={layout.var / 'prometheus'}",
            "--storage.tsdb.retention.time=2d",
            "--storage.tsdb.retention.size=512MB",
            f"--web.listen-address={address}",
        ),
        listens=(address,),
        health=f"http://{address}/-/ready",
        metrics=address,
    )


def _services(layout: Layout, site: Site) -> Iterator[Program]:
    ports = layout.settings.ports
    yield _service(layout, site, "routing", ports.routing, stage=Stage.ROUTING)
    yield _service(layout, site, "signup", ports.signup)
    yield _service(layout, site, "worker", ports.worker)
    for number in range(site.web_nodes):
        yield _service(layout, site, f"portal-{number + 1}", ports.portal + number)


def _service(
    layout: Layout, site: Site, name: str, port: int, *, stage: Stage = Stage.SERVICES
) -> Program:
    """One of ours: ``portal-1`` is a node of the package ``portal``."""
    package, _, _ = name.partition("-")
    address = f"{site.address}:{port}"
    return Program(
        site=site,
        name=name,
        stage=stage,
        command=(sys.executable, "-m", package),
        listens=(address,),
        health=f"http://{address}/readyz",
        liveness=f"http://{address}/healthz",
        metrics=address,
        environment=_environment(layout, site, name),
        stop_seconds=25,
    )


def _watchdog(layout: Layout, site: Site) -> Program:
    address = f"{site.address}:{layout.settings.ports.watchdog}"
    return Program(
        site=site,
        name="watchdog",
        stage=Stage.WATCH,
        command=(sys.executable, "-m", "cluster.watchdog"),
        listens=(address,),
        metrics=address,
        environment=_environment(layout, site, "watchdog"),
    )


def _environment(layout: Layout, site: Site, node: str) -> dict[str, str]:
    """Tell a process of ours who it is."""
    return {
        SETTINGS_VARIABLE: str(layout.file),
        "PORTICO_SITE": site.name,
        "PORTICO_NODE": node,
    }
