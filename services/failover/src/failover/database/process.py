"""The mariadbd process of a site, as the operating system shows it."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kernel.settings import Settings

PROGRAM = "mariadbd"
START_AS_REPLICA = "--init-rpl-role=SLAVE"
REVISION_OPTION = "--loose-portico-revision="
"""Unknown to the server, which ignores it: tells for which record it was started as a replica."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def pid_file(settings: Settings, site: str) -> Path:
    """Return the file that a server writes when it is ready and removes when it ends in order."""
    return settings.data_dir(site, "mariadb") / "mysqld.pid"


def config_option(settings: Settings, site: str) -> str:
    """Return the first argument of the site's server: no other process of the machine has it."""
    return f"--defaults-file={settings.config_file(site, 'my.cnf')}"


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """One life of a server. ``started``: machine, process id and start, never the same again."""

    pid: int
    started: str
    arguments: Sequence[str]

    @classmethod
    def find(cls, settings: Settings, site: str) -> Self | None:
        """Return the running server of the site; ``None`` if there is none, or not yet ready."""
        try:
            pid = int(pid_file(settings, site).read_text())
            arguments = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
            ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
            boot = BOOT_ID.read_text().strip()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        # a pid may have been given to another since: on this machine even to another MariaDB
        if Path(arguments[0]).name != PROGRAM or config_option(settings, site) not in arguments:
            return None
        return cls(pid, f"{boot}/{pid}/{ticks}", arguments)

    @property
    def is_replica(self) -> bool:
        """Tell whether it began as a replica, for a record, and not as a master."""
        return self.revision > 0

    @property
    def revision(self) -> int:
        """Return the revision of the record it was started as a replica for; 0 if it was not."""
        found = (a for a in self.arguments if a.startswith(REVISION_OPTION))
        return int(next(found, "0").removeprefix(REVISION_OPTION))

    def kill(self, settings: Settings, site: str) -> bool:
        """End this process and no other; ``False`` if it has ended already."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            # from here on the number cannot be given to another process
            if self.find(settings, site) != self:
                return False
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True
