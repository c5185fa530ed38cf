"""The installation as one frozen value, read from one TOML file.

``PORTICO_SETTINGS`` names the file (default: ``portico.toml`` in the working directory). Nothing unknown
is accepted, so a misspelt key is an error at start, not a surprise at night.
"""

import os
import tomllib
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kernel.ids import PairId

SETTINGS_VARIABLE = "PORTICO_SETTINGS"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Door(_Frozen):
    """The front door: what a client connects to. It spreads over the datacentres' balancers."""

    address: str = "127.0.0.1"
    http: int = 8080
    https: int = 8443
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://\{host\}(:\d+)?$",
        description="how people reach a host, say https://{host}; None: at our own ports",
    )

    def url(self, host: str, scheme: Literal["http", "https"]) -> str:
        """Address of a host behind the door, as people type it; the scheme is theirs if they say one."""
        if self.public_url:
            return self.public_url.format(host=host)
        port, usual = (self.http, 80) if scheme == "http" else (self.https, 443)
        return f"{scheme}://{host}" if port == usual else f"{scheme}://{host}:{port}"


class Ports(_Frozen):
    """TCP ports; the same in every site, since each site has an address of its own."""

    mariadb: int = 13306
    etcd_client: int = 12379
    etcd_peer: int = 12380
    memcached: int = 11311
    s3: int = 17480
    ceph_mon: int = 13300
    balancer: int = 18080  # a datacentre's HAProxy, for clients and for the other datacentre
    balancer_internal: int = (
        18081  # the same nodes, /internal allowed; never reachable from outside
    )
    balancer_stats: int = 18404
    door_stats: int = 18405
    routing: int = 17001
    signup: int = 17002
    worker: int = 17003
    failover: int = 17004  # on every site, the witness too; only where a pair has two sites
    portal: int = 17011  # portal-1; portal-2 is the next, and so on
    watchdog: int = 17005  # its metrics; not in the laboratory
    smtp: int = 12525
    prometheus: int = 19090


class Site(_Frozen):
    """A datacentre or the witness."""

    name: str
    kind: Literal["datacentre", "witness"]
    address: str
    id_offset: int = Field(
        default=1, ge=1, description="auto_increment_offset, server and GTID domain id"
    )
    web_nodes: int = Field(default=2, ge=0)
    namespace: str | None = Field(
        default=None, description="network namespace its processes run in; only in the laboratory"
    )


class Pair(_Frozen):
    """Two MariaDB masters that replicate each other; one in the self-hosted box."""

    id: PairId
    sites: tuple[str, ...] = Field(min_length=1, max_length=2)
    capacity: int = Field(default=100_000, description="portals this pair takes")


class Limits(_Frozen):
    """Limits of the installation; those of a portal belong to its plan."""

    signups_per_minute: int = Field(default=5, description="per client address")
    portal_requests_per_second: float = Field(default=200, description="per portal and web node")
    held_request_seconds: float = Field(
        default=10.0, description="longest wait while a portal switches"
    )
    json_body_bytes: int = 1_048_576
    webhooks: int = Field(default=500, ge=1, description="per portal; revoked ones do not count")
    event_handlers: int = Field(default=50, ge=1, description="per portal")
    service_memory_bytes: int = Field(
        default=1 << 30, description="a process of ours that uses more is replaced"
    )


class Settings(_Frozen):
    """Everything a process needs to know of the installation it belongs to."""

    base_domain: str = "portico.localhost"
    var: Path = Path("var")
    door: Door = Door()
    ports: Ports = Ports()
    sites: tuple[Site, ...]
    pairs: tuple[Pair, ...]
    shared_site: str = Field(description="where the door, S3, the mail sink and Prometheus run")
    regions: dict[str, str] = Field(description="region -> home datacentre; 'default' is required")
    id_step: int = Field(
        default=2, description="auto_increment_increment: the most datacentres ever"
    )
    limits: Limits = Limits()
    s3_public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]+$",
        description="where clients reach the object store; None: they do not, files pass through us",
    )
    inner_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="what outgoing webhooks may reach although it is not public, say 10.1.0.0/16",
    )
    mail_from: str = Field(
        default="Portico <no-reply@portico.localhost>", description="sender of the product's mails"
    )
    smtp_starttls: bool = Field(default=False, description="the mail relay must offer STARTTLS")

    @model_validator(mode="after")
    def _ids_never_meet(self) -> Self:
        # not by ``datacentres``: what that remembers would go along into a copy with other sites
        offsets = [site.id_offset for site in self.sites if site.kind == "datacentre"]
        if len(set(offsets)) < len(offsets) or max(offsets, default=1) > self.id_step:
            raise ValueError(
                f"id_offset must be different in each datacentre, and at most {self.id_step}"
            )
        return self

    @cached_property
    def datacentres(self) -> tuple[Site, ...]:
        """The sites that serve portals."""
        return tuple(s for s in self.sites if s.kind == "datacentre")

    def site(self, name: str) -> Site:
        """Return the site, or raise ``KeyError`` naming the known ones."""
        for site in self.sites:
            if site.name == name:
                return site
        raise KeyError(f"no site {name!r}; known: {', '.join(s.name for s in self.sites)}")

    def pair(self, pair: PairId) -> Pair:
        """Return the pair, or raise ``KeyError``."""
        for candidate in self.pairs:
            if candidate.id == pair:
                return candidate
        raise KeyError(f"no pair {pair}")

    @property
    def etcd_urls(self) -> tuple[str, ...]:
        """Client URLs of all etcd members, one per site."""
        return tuple(f"http://{s.address}:{self.ports.etcd_client}" for s in self.sites)

    def routing_urls(self, site: str) -> tuple[str, ...]:
        """Routing services, that of ``site`` first."""
        ordered = sorted(self.datacentres, key=lambda s: (s.name != site, s.name))
        return tuple(f"http://{s.address}:{self.ports.routing}" for s in ordered)

    def balancer_url(self, site: str) -> str:
        """The datacentre's balancer, as another datacentre reaches it."""
        return f"http://{self.site(site).address}:{self.ports.balancer}"

    def internal_url(self, site: str) -> str:
        """The datacentre's web nodes, for our own services (``/internal``)."""
        return f"http://{self.site(site).address}:{self.ports.balancer_internal}"

    def host_of(self, label: str) -> str:
        """Full host name of a portal."""
        return f"{label}.{self.base_domain}"

    def portal_url(self, label: str, scheme: Literal["http", "https"] = "http") -> str:
        """Address of a portal as people type it."""
        return self.door.url(self.host_of(label), scheme)

    @property
    def s3_url(self) -> str:
        """The object store."""
        return f"http://{self.site(self.shared_site).address}:{self.ports.s3}"

    @property
    def authority_file(self) -> Path:
        """The certificate of the installation's own authority: what clients are to trust."""
        return self.var / "ca.pem"

    @property
    def secrets_dir(self) -> Path:
        """Where the secrets of each role lie."""
        return self.var / "secrets"

    def data_dir(self, site: str, server: str) -> Path:
        """What one server of a site keeps."""
        return self.var / "data" / site / server

    def config_file(self, site: str, name: str) -> Path:
        """A rendered configuration file of one site's servers."""
        return self.var / "etc" / site / name

    def home_of(self, region: str) -> str:
        """Return the home datacentre of a region."""
        return self.regions.get(region, self.regions["default"])


def load(path: Path | None = None) -> Settings:
    """Read the file; relative paths in it are relative to it."""
    path = path or Path(os.environ.get(SETTINGS_VARIABLE, "portico.toml"))
    settings = Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    return settings.model_copy(update={"var": (path.resolve().parent / settings.var)})
