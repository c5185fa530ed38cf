"""The failover service as an operator's tool sees it, asked wherever it answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

import etcd
from etcd import documents
from kernel import secrets
from kernel.settings import Settings
from laboratory.errors import LaboratoryError

REQUEST_SECONDS = 3.0
POLL_SECONDS = 0.05
CALM_SECONDS = 2.0
RECORD_SECONDS = 60.0

Json = Mapping[str, Any]


class RefusedError(Exception):
    """A demand was refused; the code says why."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.code = code


class Control:
    """Demands of an operator, and what the services say of the pairs."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Connect as an operator."""
        token = secrets.load(settings.secrets_dir, "operator")["internal_token"]
        async with aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS, connect=1),
        ) as session:
            yield cls(settings, session)

    async def pair(self, pair: int = 1) -> Json:
        """Return what the leader, or else anybody, says of a pair."""
        status = await self.status()
        return next(p for p in status["pairs"] if p["id"] == pair)

    async def status(self) -> Json:
        """Return the status of the leader, or of the first service that answers."""
        first: Json | None = None
        for url in self._urls():
            try:
                async with self._session.get(f"{url}/v1/status") as got:
                    status: Json = await got.json()
            except (aiohttp.ClientError, TimeoutError):
                continue
            if (status.get("leader") or {}).get("site") == status["site"]:
                return status
            first = first or status
        if first is None:
            raise LaboratoryError("no failover service answers")
        return first

    async def demand(self, path: str, **body: Any) -> Json:
        """Ask something of the leader; raises ``RefusedError``."""
        last = "no failover service answers"
        for url in self._urls():
            try:
                async with self._session.post(f"{url}{path}", json=body) as got:
                    answer = await got.json()
                    if got.status in {409, 422}:
                        raise RefusedError(got.status, answer["code"], answer["detail"])
                    if got.status < 300:
                        return dict(answer)
                    last = f"{got.status} {answer}"
            except (aiohttp.ClientError, TimeoutError) as error:
                last = repr(error)
        raise LaboratoryError(f"{path}: {last}")

    async def portal(self, portal: int) -> Json:
        """Return the record of a portal."""
        for url in self._urls():
            try:
                async with self._session.get(f"{url}/v1/portals/{portal}") as got:
                    if got.status < 300:
                        return dict(await got.json())
            except (aiohttp.ClientError, TimeoutError):
                continue
        raise LaboratoryError(f"no failover service tells of portal {portal}")

    async def switch_sides(
        self, sides: list[str], target: str, *, budget_seconds: float = 10.0
    ) -> Json:
        """Serve sides at the target; returns when that is under way."""
        term = (await self.pair())["term"]
        return await self.demand(
            "/v1/pairs/1/switch",
            sides=sides,
            target=target,
            term=term,
            budget_seconds=budget_seconds,
            dry_run=False,
        )

    async def until(
        self, reached: Callable[[Json], bool], what: str, seconds: float, pair: int = 1
    ) -> Json:
        """Wait until the pair is as wanted; ``LaboratoryError`` says what it was instead."""
        deadline, last = time.monotonic() + seconds, "nobody answered"
        while time.monotonic() < deadline:
            try:
                seen = await self.pair(pair)
                if reached(seen):
                    return seen
                last = _summary(seen)
            except LaboratoryError as error:
                last = str(error)
            await asyncio.sleep(POLL_SECONDS)
        raise LaboratoryError(f"not {what} within {seconds:.0f} s: {last}")

    async def until_peace(self, seconds: float = 120.0, *, at_home: bool = True) -> float:
        """Wait until the pair is in SYNC with nothing under way, and stays so; return since when."""
        deadline = time.monotonic() + seconds
        while True:
            await self.until(
                lambda p: _is_at_peace(p, at_home=at_home), "at peace", deadline - time.monotonic()
            )
            since = time.monotonic()
            while _is_at_peace(await self.pair(), at_home=at_home):
                if time.monotonic() - since > CALM_SECONDS:
                    return since
                await asyncio.sleep(POLL_SECONDS * 4)

    async def let_ten_minutes_pass(self, pair: int = 1) -> None:
        """Make the last takeover look old, so that the next one is not refused as flapping.

        The one thing in which the laboratory is quicker than life: it writes ``switched_at`` itself.
        """
        deadline = time.monotonic() + RECORD_SECONDS
        async with etcd.connect(self._settings.etcd_urls) as client:
            while True:
                try:
                    await documents.change(client, f"pair/{pair}", _without_last_takeover)
                except etcd.EtcdError as error:
                    if time.monotonic() > deadline:
                        raise LaboratoryError(f"etcd does not take the record: {error}") from error
                    await asyncio.sleep(POLL_SECONDS)
                else:
                    return

    def _urls(self) -> list[str]:
        port = self._settings.ports.failover
        return [f"http://{site.address}:{port}" for site in reversed(self._settings.sites)]


def _is_at_peace(pair: Json, *, at_home: bool) -> bool:
    homes = all(side == owner for side, owner in pair["serving"].items())
    calm = pair["mode"] == "SYNC" and pair["move"] is None and pair["away"] is None
    return calm and (homes or not at_home)


def _without_last_takeover(record: Json) -> Json:
    return {**record, "switched_at": None}


def _summary(pair: Json) -> str:
    names = ("mode", "term", "serving", "away", "move", "duty")
    return ", ".join(f"{name} {pair.get(name)}" for name in names)
