"""The object store of one machine: its keys, an empty monitor and OSD, and signup's S3 account.

Everything but the account is made offline, before the first process starts: the monitor gets an OSD
map that already knows its one OSD, so that nobody waits for anybody when they come up.
"""

import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cluster import command, secrets
from cluster.layout import Layout
from kernel.settings import Site

# whose key may do what
_MAY: Mapping[str, Mapping[str, str]] = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *"},
    "osd.0": {"mon": "allow *", "osd": "allow *"},
    "client.rgw": {"mon": "allow rwx", "osd": "allow rwx"},
}
_ACCOUNT = "portico-signup"
_ACCOUNT_MAY = "users=*;buckets=*"


class ObjectStore:
    """One monitor, one OSD and one gateway, at one site."""

    def __init__(self, layout: Layout, site: Site) -> None:
        self._layout = layout
        self._monitor = f"[v2:{site.address}:{layout.settings.ports.ceph_mon}]"
        self._config = layout.config(site.name, "ceph.conf")
        self._data = layout.data(site.name, "ceph")
        self._account_made = self._data / "account"
        self._user = layout.server_user("ceph")

    def install(self) -> None:
        """Make the empty store if there is none; an unfinished one is made anew."""
        done = self._data / "installed"
        if done.exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)
        for folder in (self._data, self._data / "mon", self._data / "osd"):
            folder.mkdir(parents=True, mode=0o700)
            self._give(folder)
        self._make_maps()
        self._make_keys()
        self._make_disks()
        done.touch()

    def has_account(self) -> bool:
        """Whether signup has its account and knows the keys."""
        known = secrets.read(self._layout.settings.secrets_dir, "signup")
        return self._account_made.exists() and "s3_secret_key" in known

    def ensure_account(self) -> None:
        """Make signup's account, which makes the portals' accounts; its keys go to signup's secrets.

        Ceph chooses the keys: given as arguments they would be visible to everybody on the machine.
        """
        if self.has_account():
            return
        key = self._account()["keys"][0]
        keys = {"s3_access_key": key["access_key"], "s3_secret_key": key["secret_key"]}
        secrets.store(self._layout.settings.secrets_dir, "signup", **keys)
        self._account_made.touch()

    def _make_maps(self) -> None:
        fsid, monmap = str(self._layout.store_id), self._data / "monmap"
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", self._monitor, monmap)
        self._run("osdmaptool", "--createsimple", "1", self._data / "osdmap")

    def _make_keys(self) -> None:
        keyring = self._data / "keyring"
        keyring.touch(mode=0o600)
        self._give(keyring)
        with keyring.open("w") as file:
            for entity, may in _MAY.items():
                key = self._run("ceph-authtool", "--gen-print-key").strip()
                caps = "".join(f'\tcaps {kind} = "{what}"\n' for kind, what in may.items())
                file.write(f"[{entity}]\n\tkey = {key}\n{caps}")

    def _make_disks(self) -> None:
        data, flags = self._data, ("-c", self._config, "--mkfs", "--monmap", self._data / "monmap")
        known = ("--osdmap", data / "osdmap", "--keyring", data / "keyring")
        self._run("ceph-mon", *flags, "-i", "a", *known)
        # without --no-mon-config it would first ask a monitor for more settings
        identity = ("--osd-uuid", str(uuid.uuid4()))
        self._run("ceph-osd", *flags, "-i", "0", "--no-mon-config", *identity)

    def _account(self) -> Any:
        """Return the account, made if a first attempt did not get that far."""
        if _ACCOUNT in self._admin("user", "list"):
            return self._admin("user", "info", "--uid", _ACCOUNT)
        about = ("--uid", _ACCOUNT, "--display-name", _ACCOUNT, "--caps", _ACCOUNT_MAY)
        return self._admin("user", "create", *about, "--gen-access-key", "--gen-secret")

    def _admin(self, *words: str) -> Any:
        return json.loads(self._run("radosgw-admin", "-c", self._config, *words))

    def _run(self, *words: str | Path) -> str:
        return command.run(self._layout, words, user=self._user)

    def _give(self, path: Path) -> None:
        if self._user:
            shutil.chown(path, self._user, self._user)
