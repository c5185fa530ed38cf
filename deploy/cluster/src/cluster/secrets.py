"""Makes the secrets of every role once: ``<var>/secrets/<role>.json``, mode 0600.

What is there is never made anew: a database or a sealed key may already depend on it.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from kernel import sealing

ROLES = {
    "mariadb": ("root_password", "repl_password", "migrate_password", "monitor_password"),
    "portal": ("db_password", "kek", "internal_token"),
    # its keys for S3 are made by the object store, see `ceph`
    "signup": ("db_password", "kek", "internal_token"),
    "routing": ("internal_token",),
    "worker": ("db_password", "internal_token"),
    "failover": ("db_password", "probe_password", "repair_password", "internal_token"),
    "operator": ("internal_token", "monitor_password"),
}
SHARED = ("internal_token", "kek", "monitor_password")


def ensure(directory: Path) -> None:
    """Make what is missing; a shared secret is the same in every role that has it."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    known = {role: read(directory, role) for role in ROLES}
    shared = {
        name: next((v[name] for v in known.values() if name in v), None) or _make(name)
        for name in SHARED
    }
    for role, names in ROLES.items():
        wanted = {name: shared.get(name) or _make(name) for name in names}
        store(directory, role, **(wanted | known[role]))


def store(directory: Path, role: str, **values: str) -> None:
    """Add secrets to a role, or replace them; the file is whole at any moment."""
    before = read(directory, role)
    after = before | values
    if after == before:
        return
    write(directory / f"{role}.json", json.dumps(after, indent=1).encode())


def write(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file that is whole at any moment."""
    with prepared(file, content, mode=mode) as fresh:
        fresh.replace(file)


@contextlib.contextmanager
def prepared(file: Path, content: bytes, *, mode: int = 0o600) -> Iterator[Path]:
    """Lend what is to be put in the place of ``file``, safe on the disk; gone afterwards if it was not."""
    fresh = file.with_name(f".{file.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as unfinished:
            unfinished.write(content)
            unfinished.flush()
            os.fsync(unfinished.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)


def read(directory: Path, role: str) -> dict[str, str]:
    """Return what a role has by now, nothing if it has no file yet."""
    try:
        values: dict[str, str] = json.loads((directory / f"{role}.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return values


def _make(name: str) -> str:
    return sealing.new_key() if name == "kek" else secrets.token_urlsafe(24)
