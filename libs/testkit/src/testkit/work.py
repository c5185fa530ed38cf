"""People at work while something dies: every write has a key, is repeated until answered, and counted."""

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass, field

import httpx

from testkit.portals import TestPortal, until_available

REPEATED_FOR_SECONDS = 30
PAUSE_SECONDS = 0.05
READERS = 8
FILE_BYTES = 200_000


@dataclass
class Work:
    """Leads and files of one portal, written without a pause from ``start`` to ``stop``."""

    portal: TestPortal
    leads: dict[str, int] = field(default_factory=dict)  # title -> id
    files: dict[int, str] = field(default_factory=dict)  # id -> sha-256
    failures: list[str] = field(default_factory=list)  # of single tries; each was repeated
    logouts: int = 0
    requests: int = 0
    _running: bool = True
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, *, writers: int = 4, uploaders: int = 0) -> None:
        """Begin."""
        workers = [self._write() for _ in range(writers)] + [
            self._upload() for _ in range(uploaders)
        ]
        self._tasks = [asyncio.create_task(w) for w in workers]

    async def stop(self) -> None:
        """Let everybody finish what he is at; raises if somebody was never answered."""
        self._running = False
        await asyncio.gather(*self._tasks)

    async def lost(self) -> list[str]:
        """Return what was acknowledged and is not there, or not as it was."""
        turn = asyncio.Semaphore(READERS)
        looks = [self._has_lead(turn, title, lead) for title, lead in self.leads.items()]
        found = dict(zip(self.leads, await asyncio.gather(*looks), strict=True))
        looks = [self._has_file(turn, file, digest) for file, digest in self.files.items()]
        found |= dict(
            zip(map("file {}".format, self.files), await asyncio.gather(*looks), strict=True)
        )
        return [what for what, is_there in found.items() if not is_there]

    async def _has_lead(self, turn: asyncio.Semaphore, title: str, lead: int) -> bool:
        async with turn:
            found = await self._read(f"/api/v1/crm/leads/{lead}")
        return found.status_code == httpx.codes.OK and found.json()["title"] == title

    async def _has_file(self, turn: asyncio.Semaphore, file: int, digest: str) -> bool:
        async with turn:
            found = await self._read(f"/api/v1/drive/files/{file}/content")
        return hashlib.sha256(found.content).hexdigest() == digest

    async def _read(self, path: str) -> httpx.Response:
        """Return an answer that says whether it is there: 503 only says that nobody can tell now."""
        return await until_available(lambda: self.portal.client.get(path))

    async def _write(self) -> None:
        while self._running:
            title = f"Лид {secrets.token_hex(6)}"
            made = await self._repeated("/api/v1/crm/leads", json={"title": title})
            self.leads[title] = made.json()["id"]

    async def _upload(self) -> None:
        while self._running:
            content = secrets.token_bytes(FILE_BYTES)
            name = f"{secrets.token_hex(6)}.bin"
            made = await self._repeated(f"/api/v1/drive/files?name={name}", content=content)
            self.files[made.json()["id"]] = hashlib.sha256(content).hexdigest()

    async def _repeated(self, path: str, **body: object) -> httpx.Response:
        key = {"Idempotency-Key": secrets.token_hex(16)}
        deadline = time.monotonic() + REPEATED_FOR_SECONDS
        while time.monotonic() < deadline:
            self.requests += 1
            try:
                made = await self.portal.client.post(path, headers=key, **body)  # type: ignore[arg-type]  # json or content
            except httpx.TransportError as error:
                self.failures.append(type(error).__name__)
            else:
                if made.status_code == httpx.codes.CREATED:
                    return made
                self.logouts += made.status_code == httpx.codes.UNAUTHORIZED
                self.failures.append(f"{made.status_code} {made.text}")
            await asyncio.sleep(PAUSE_SECONDS)
        raise TimeoutError(f"{path} was never answered: {self.failures[-3:]}")
