"""Which installation the command speaks of: its settings, secrets and run-time folder."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from console.errors import ConsoleError
from kernel import secrets
from kernel.secrets import Secrets
from kernel.settings import SETTINGS_VARIABLE, Settings, load

# Tried in this order when nobody names a file: `make up`, then `make box`
FILES = (Path("portico.toml"), Path("portico.box.toml"))


@dataclass(frozen=True)
class Installation:
    """One installation."""

    settings: Settings

    @property
    def run(self) -> Path:
        """Sockets and the list of processes; only its owner may look."""
        return self.settings.var / "run"

    @property
    def supervisor_socket(self) -> Path:
        """Where its supervisord answers."""
        return self.run / "supervisor.sock"

    @property
    def processes_file(self) -> Path:
        """What it consists of; written by whoever starts it."""
        return self.run / "processes.json"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.settings.var / "log"

    def runs(self) -> bool:
        """Whether somebody listens at supervisord's socket; a killed one leaves it behind."""
        if self.run.exists() and not os.access(self.run, os.X_OK):
            raise ConsoleError(f"{self.run} belongs to another user: run this as that user")
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.supervisor_socket)) == 0

    def secrets(self) -> Secrets:
        """The operator's secrets."""
        try:
            return secrets.load(self.settings.secrets_dir, "operator")
        except OSError as error:
            raise ConsoleError(f"the operator's secrets cannot be read: {error}") from error


def find() -> Installation:
    """Return the installation that the environment names, else the one here; it must run here."""
    for installation in _all():
        if installation.runs():
            return installation
    raise ConsoleError("the cluster does not run: `make up` starts it")


def find_anywhere() -> Installation:
    """Return the same for verbs that need nothing of it but what answers over the network."""
    found = _all()
    return next((installation for installation in found if installation.runs()), found[0])


def _all() -> list[Installation]:
    named = os.environ.get(SETTINGS_VARIABLE)
    files = (Path(named),) if named else FILES
    found = [Installation(_load(file)) for file in files if file.exists()]
    if not found:
        names = " or ".join(map(str, files))
        raise ConsoleError(f"no settings file here ({names}); {SETTINGS_VARIABLE} may name one")
    return found


def _load(file: Path) -> Settings:
    try:
        return load(file)
    except ValueError as error:  # no TOML, or not what it must be
        raise ConsoleError(f"{file} cannot be used: {error}") from error
