"""People at work: leads are created and read without a pause, and everything acknowledged is counted.

Each write carries an ``Idempotency-Key`` and is repeated until it is answered, as a client should.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from console.demo.company import Company

WRITERS = 6
REPEAT_SECONDS = 0.1
GIVE_UP_SECONDS = 20.0
OK, UNAUTHORISED = 200, 401


@dataclass
class Tally:
    """What happened."""

    acknowledged: dict[str, int] = field(default_factory=dict)  # title -> id
    attempted: set[str] = field(default_factory=set)
    given_up: list[str] = field(default_factory=list)
    first_try_failures: list[str] = field(default_factory=list)
    sessions_lost: int = 0
    reads: int = 0
    longest_seconds: float = 0.0


class Load:
    """A load on one company, from start to stop."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._running = True
        self._tasks: Sequence[asyncio.Task[None]] = ()
        self.tally = Tally()

    def start(self) -> None:
        """Begin."""
        workers = [self._write(n) for n in range(WRITERS)] + [self._read() for _ in range(2)]
        self._tasks = [asyncio.create_task(w) for w in workers]

    async def stop(self) -> Tally:
        """Let everybody finish what he is at."""
        self._running = False
        await asyncio.gather(*self._tasks)
        return self.tally

    async def _write(self, worker: int) -> None:
        number = 0
        while self._running:
            number += 1
            title = f"Лид {worker}-{number}-{secrets.token_hex(4)}"
            self.tally.attempted.add(title)
            started = time.monotonic()
            lead = await self._created(title)
            self.tally.longest_seconds = max(self.tally.longest_seconds, time.monotonic() - started)
            if lead is None:
                self.tally.given_up.append(title)
            else:
                self.tally.acknowledged[title] = lead

    async def _created(self, title: str) -> int | None:
        key = {"Idempotency-Key": secrets.token_hex(16)}
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = await self._company.client.post(
                    "/api/v1/crm/leads", json={"title": title}, headers=key
                )
            except httpx.TransportError as error:
                outcome = type(error).__name__
            else:
                if answer.is_success:
                    return int(answer.json()["id"])
                outcome = self._noted(answer)
            self.tally.first_try_failures.append(outcome)
            await asyncio.sleep(REPEAT_SECONDS)
        return None

    async def _read(self) -> None:
        while self._running:
            try:
                answer = await self._company.client.get("/api/v1/me")
            except httpx.TransportError as error:
                self.tally.first_try_failures.append(type(error).__name__)
            else:
                self.tally.reads += 1
                if answer.status_code != OK:
                    self.tally.first_try_failures.append(self._noted(answer))
            await asyncio.sleep(REPEAT_SECONDS / 10)

    def _noted(self, answer: httpx.Response) -> str:
        self.tally.sessions_lost += answer.status_code == UNAUTHORISED
        return str(answer.status_code)
