"""Adds portals to the hosts file, for clients that resolve names themselves."""

from collections.abc import Sequence
from pathlib import Path

from cluster.errors import ClusterError
from cluster.layout import Layout

HOSTS_FILE = Path("/etc/hosts")
_BEGIN, _END = "# portico begin", "# portico end"


def add(layout: Layout, names: Sequence[str], file: Path = HOSTS_FILE) -> list[str]:
    """Add the base domain and each named portal below it; return all host names now there."""
    settings = layout.settings
    outside, ours = _split(file.read_text("utf-8"))
    known = [line.split()[1] for line in ours if len(line.split()) > 1]
    wanted = [settings.base_domain, *(f"{name}.{settings.base_domain}" for name in names)]
    hosts = list(dict.fromkeys([*known, *wanted]))
    block = [_BEGIN, *(f"{settings.door.address} {host}" for host in hosts), _END]
    try:
        # in place: in a container this file is a mount and cannot be replaced
        file.write_text("\n".join([*outside, *block, ""]), "utf-8")
    except PermissionError as error:
        raise ClusterError(f"only root may change {file}: run it with sudo") from error
    return hosts


def _split(text: str) -> tuple[list[str], list[str]]:
    """Divide the lines into those of others and those between our marks."""
    lines = text.splitlines()
    if _BEGIN not in lines or _END not in lines:
        return lines, []
    first, last = lines.index(_BEGIN), lines.index(_END)
    return lines[:first] + lines[last + 1 :], lines[first + 1 : last]
