"""What the operator's Prometheus and the processes themselves tell."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Self

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from laboratory.errors import LaboratoryError
from laboratory.machine import Machine

LOADED = "routes_loaded_portals"
REQUEST_SECONDS = 10.0
ATTEMPTS = 3


class Monitoring:
    """Asks as a person with a dashboard does."""

    def __init__(self, machine: Machine, session: aiohttp.ClientSession) -> None:
        settings = machine.settings
        shared = settings.site(settings.shared_site)
        self._prometheus = f"http://{shared.address}:{settings.ports.prometheus}"
        self._measured = {n: p.metrics for n, p in machine.programs.items() if p.metrics}
        self._session = session

    @classmethod
    @asynccontextmanager
    async def open(cls, machine: Machine) -> AsyncIterator[Self]:
        """Connect."""
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            yield cls(machine, session)

    async def pages(self) -> Collection[str]:
        """Return the alerts that wake somebody now."""
        async with self._session.get(f"{self._prometheus}/api/v1/alerts") as got:
            alerts = (await got.json())["data"]["alerts"]
        return {
            a["labels"]["alertname"]
            for a in alerts
            if a["state"] == "firing" and a["labels"].get("severity") == "page"
        }

    async def series(self) -> int:
        """Count what all processes measure: one for each combination of labels."""
        pages = await asyncio.gather(*map(self._page, self._measured.values()))
        return sum(
            len(family.samples) for page in pages for family in text_string_to_metric_families(page)
        )

    async def fewest_known(self) -> int:
        """Return how many portals the web node knows that knows fewest."""
        nodes = [url for name, url in self._measured.items() if ":portal-" in name]
        pages = await asyncio.gather(*map(self._page, nodes))
        return min(int(_value(page, LOADED)) for page in pages)

    async def _page(self, address: str) -> str:
        for _ in range(ATTEMPTS):
            try:
                async with self._session.get(f"http://{address}/metrics") as got:
                    return await got.text()
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(1)
        raise LaboratoryError(f"{address} tells nothing of itself")


def _value(page: str, name: str) -> float:
    return next(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name
    )
