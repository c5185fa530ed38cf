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
    """One installation that has been started at least once."""

    settings: Settings

    @property
    def supervisor_socket(self) -> Path:
        """Where its supervisord answers."""
        return self.settings.var / "run" / "supervisor.sock"

    @property
    def processes_file(self) -> Path:
        """What it consists of; written by whoever starts it."""
        return self.settings.var / "run" / "processes.json"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.settings.var / "log"

    def runs(self) -> bool:
        """Whether somebody listens at supervisord's socket; a killed one leaves it behind."""
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.supervisor_socket)) == 0

    def secrets(self) -> Secrets:
        """The operator's secrets."""
        try:
            return secrets.load(self.settings.secrets_dir, "operator")
        except OSError as error:
            raise ConsoleError(f"the operator's secrets cannot be read: {error}") from error


def find() -> Installation:
    """Return the installation that the environment names, else the one that runs here."""
    named = os.environ.get(SETTINGS_VARIABLE)
    files = (Path(named),) if named else FILES
    found = [Installation(load(file)) for file in files if file.exists()]
    if not found:
        names = " or ".join(map(str, files))
        raise ConsoleError(f"no settings file here ({names}); {SETTINGS_VARIABLE} may name one")
    return next((i for i in found if i.runs()), found[0])
