"""Where one cluster keeps what: a few folders below ``var``, all made by ``up``."""

import os
import uuid
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kernel.settings import Settings, Site

REPOSITORY = Path(__file__).resolve().parents[4]
TEMPLATES = REPOSITORY / "deploy"
TOPOLOGIES = {"full": REPOSITORY / "portico.toml", "box": REPOSITORY / "portico.box.toml"}


@dataclass(frozen=True)
class Layout:
    """One cluster: its settings, the file they came from, and its folders.

    ``fast`` trades durability across power cuts for speed; for tests only.
    """

    settings: Settings
    file: Path
    fast: bool = False

    @property
    def var(self) -> Path:
        """All state of the cluster."""
        return self.settings.var

    @property
    def run(self) -> Path:
        """Sockets, pid files and the lock; for the owner only."""
        return self.var / "run"

    @property
    def log(self) -> Path:
        """One file per process, rotated."""
        return self.var / "log"

    @property
    def mail(self) -> Path:
        """What the mail sink received."""
        return self.var / "mail"

    @property
    def etc(self) -> Path:
        """Rendered configuration; written by ``up``, never by hand."""
        return self.var / "etc"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord answers."""
        return self.run / "supervisor.sock"

    @property
    def supervisor_config(self) -> Path:
        """What supervisord runs."""
        return self.etc / "supervisord.conf"

    @property
    def processes_file(self) -> Path:
        """Names, addresses and health probes of all processes, for ``portico status`` and tests."""
        return self.run / "processes.json"

    @property
    def authority_key_file(self) -> Path:
        """The key of our own authority."""
        return self.settings.secrets_dir / "ca.key"

    @property
    def certificate_file(self) -> Path:
        """What the front door serves: its certificate with chain and key."""
        return self.settings.secrets_dir / "door.pem"

    @property
    def door_socket(self) -> Path:
        """Where the front door's HAProxy takes orders."""
        return self.administration(self.settings.shared_site, "door")

    @property
    def store_id(self) -> uuid.UUID:
        """The identity of the object store; the same for the same installation, so never stored."""
        return uuid.uuid5(uuid.NAMESPACE_DNS, self.settings.base_domain)

    def data(self, site: str, name: str) -> Path:
        """What one server keeps."""
        return self.settings.data_dir(site, name)

    def config(self, site: str, file: str) -> Path:
        """A rendered configuration file of one site."""
        return self.settings.config_file(site, file)

    def administration(self, site: str, proxy: str) -> Path:
        """The socket at which a HAProxy of a site takes orders."""
        return self.run / f"{site}-{proxy}.sock"

    def peer(self, site: str) -> Site | None:
        """The datacentre whose master replicates with this one's, or ``None`` if it stands alone."""
        names = {name for pair in self.settings.pairs if site in pair.sites for name in pair.sites}
        return next((self.settings.site(name) for name in names if name != site), None)

    @property
    def has_agents(self) -> bool:
        """Whether some master has a peer that may take over from it."""
        return any(len(pair.sites) > 1 for pair in self.settings.pairs)

    def server_user(self, name: str) -> str | None:
        """The system user a server runs as, or ``None``: the one who started the cluster.

        Only root can change users, and only where that user can reach ``var`` at all: a checkout
        below /root (mode 0700) leaves no choice but root.
        """
        return name if os.geteuid() == 0 and self._open_to_all else None

    @cached_property
    def _open_to_all(self) -> bool:
        folders = (self.var, *self.var.parents)
        return all(f.stat().st_mode & 0o001 for f in folders if f.exists())
