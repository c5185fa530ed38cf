"""Nothing that people send is kept on a web node: not in a file, not in a deleted one that is still open."""

import asyncio
import mmap
import os
import secrets
import stat
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from blobs.uploads import PART_BYTES
from kernel.settings import Settings
from testkit import etcd
from testkit.checkout import ROOT
from testkit.harm import Harm
from testkit.portals import TestPortal

OURS = ("portal-1", "portal-2", "signup", "routing", "worker")
STORES = ("mariadb", "ceph")  # where it belongs
TEMPORARY = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/run")))  # noqa: S108  # looked through, not used
NOT_OURS = {".venv", ".git", "node_modules"}
IMPORTED_WITHIN_SECONDS = 60
FILES, UPLOADS = "/api/v1/drive/files", "/api/v1/drive/uploads"
IMPORTS = "/api/v1/crm/leads/imports"


class Search:
    """Looks for a marker in whatever a process of ours could have written since the search began."""

    def __init__(self, settings: Settings, pids: Sequence[int], skipped: Path) -> None:
        self.marker = secrets.token_hex(16).encode()
        self.looked_into = 0
        self._began = time.time() - 1
        self._pids = pids
        stores = (
            settings.data_dir(site.name, store) for site in settings.sites for store in STORES
        )
        self._skipped = {skipped.resolve(), *(store.resolve() for store in stores)}
        folders = {Path(f"/proc/{pid}/cwd").readlink() for pid in pids}
        self._folders = {f.resolve() for f in (*folders, *TEMPORARY, settings.var, ROOT)}

    def open_files(self) -> list[str]:
        """Return the open files of our processes, deleted ones too, that hold the marker."""
        return [
            f"{path} -> {path.readlink()}"
            for pid in self._pids
            for path in Path(f"/proc/{pid}/fd").iterdir()
            if self._is_hit(path)
        ]

    def files(self) -> list[str]:
        """Return the files that hold the marker."""
        found = {path for folder in self._folders for path in self._below(folder)}
        return [str(path) for path in sorted(found) if self._is_hit(path)]

    def _below(self, folder: Path) -> Iterator[Path]:
        for where, names, files in os.walk(folder):
            here = Path(where)
            names[:] = [n for n in names if not self._is_skipped(here / n)]
            yield from (here / file for file in files)

    def _is_skipped(self, folder: Path) -> bool:
        is_of_a_test = folder.name.startswith(etcd.FOLDER)
        return folder.name in NOT_OURS or is_of_a_test or folder.resolve() in self._skipped

    def _is_hit(self, path: Path) -> bool:
        try:
            about = path.stat()
            if not stat.S_ISREG(about.st_mode) or not about.st_size:
                return False
            if about.st_mtime < self._began:
                return False
            self.looked_into += 1
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as text:
                return text.find(self.marker) >= 0
        except (FileNotFoundError, PermissionError, ValueError):  # it went, or shrank to nothing
            return False


def test_the_search_finds_files_and_open_ones_that_are_deleted(
    settings: Settings, tmp_path: Path
) -> None:
    search = Search(settings, [os.getpid()], tmp_path)
    kept, deleted = settings.var / "run" / "kept", settings.var / "run" / "deleted"
    try:
        kept.write_bytes(b"..." + search.marker)
        with deleted.open("wb+") as file:
            file.write(search.marker)
            file.flush()
            deleted.unlink()
            open_files = search.open_files()
        assert [hit.rpartition("/")[2] for hit in open_files] == ["deleted (deleted)"]
        assert search.files() == [str(kept.resolve())]
    finally:
        kept.unlink()


@pytest.mark.feature("ARCH-08")
async def test_no_file_of_a_web_node_holds_what_people_sent(
    settings: Settings,
    harm: Harm,
    acme: TestPortal,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    pids = list((await harm.pids(*OURS)).values())
    # pytest's own folders: servers of other tests, none of which is a web node's
    search = Search(settings, pids, tmp_path_factory.getbasetemp().parent)
    marker = search.marker
    seen: list[str] = []

    async def small() -> AsyncIterator[bytes]:
        yield marker * 4096
        seen.extend(await asyncio.to_thread(search.open_files))
        yield marker

    sent = await acme.client.post(f"{FILES}?name=small.txt", content=small())
    large = await upload(acme.client, marker * ((PART_BYTES + 64) // len(marker)))
    csv = b"title,comment\n" + b"".join(b"Lead %d,%s\n" % (n, marker) for n in range(500))
    order = await acme.client.post(IMPORTS, content=csv, headers={"Content-Type": "text/csv"})
    await imported(acme.client, order.headers["location"], search, seen)
    for file in (sent.json()["id"], large):
        url = f"{FILES}/{file}/content?redirect=false"
        assert marker in (await acme.client.get(url)).content
        seen.extend(await asyncio.to_thread(search.open_files))
    seen.extend(await asyncio.to_thread(search.files))

    assert seen == []
    assert search.looked_into, "it looked at nothing"


async def upload(client: httpx.AsyncClient, content: bytes) -> int:
    """Send a file in parts; return its id."""
    begun = await client.post(UPLOADS, json={"name": "large.bin", "size": len(content)})
    place = f"{UPLOADS}/{begun.json()['id']}"
    for number, start in enumerate(range(0, len(content), PART_BYTES), 1):
        part = content[start : start + PART_BYTES]
        (await client.put(f"{place}/parts/{number}", content=part)).raise_for_status()
    done = await client.post(f"{place}/completion")
    assert done.is_success, done.text
    made: int = done.json()["id"]
    return made


async def imported(
    client: httpx.AsyncClient, location: str, search: Search, seen: list[str]
) -> None:
    """Wait until an import is done, and look into open files meanwhile."""
    async with asyncio.timeout(IMPORTED_WITHIN_SECONDS):
        while (await client.get(location)).json()["state"] != "done":
            seen.extend(await asyncio.to_thread(search.open_files))
            await asyncio.sleep(0.1)
