"""Disks of the datacentres: memory file systems of their own, which can be full without harm to others.

They exist in the laboratory's own mount namespace only and vanish with its last process. What lies in
memory survives ``kill -9`` as on a disk; a power cut is not tested here.
"""

import shutil
from pathlib import Path

from cluster.layout import Layout
from kernel.settings import Site
from laboratory.commands import run
from laboratory.errors import LaboratoryError

SIZE_BYTES = 6 << 30
PAGE_BYTES = 4096
ATTEMPTS = 50


def mount(layout: Layout, site: Site) -> None:
    """Give the datacentre a fresh disk."""
    folder = folder_of(layout, site)
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES},mode=755", "tmpfs", str(folder))


def fill(layout: Layout, site: Site) -> None:
    """Leave no room: whoever writes now gets ENOSPC."""
    folder = folder_of(layout, site)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _resize(folder, shutil.disk_usage(folder).used + PAGE_BYTES)
        except LaboratoryError:
            # it grew meanwhile, and a disk cannot be smaller than what is on it
            if attempt == ATTEMPTS:
                raise
        else:
            return


def clear(layout: Layout, site: Site) -> None:
    """Give the room back."""
    _resize(folder_of(layout, site), SIZE_BYTES)


def folder_of(layout: Layout, site: Site) -> Path:
    """Return where the datacentre's servers keep their data."""
    return layout.var / "data" / site.name


def _resize(folder: Path, size: int) -> None:
    run("mount", "-o", f"remount,size={size}", str(folder))
