"""How long a sign-up takes at the front door: one after another, and twenty at once.

``PORTICO_SETTINGS=... python loadtests/signup_bench.py [--sequential N] [--rounds N]`` on a running
cluster; makes at most a few hundred portals and ends. Prints where the time went, by the services' own
metrics.
"""

import argparse
import asyncio
import secrets
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from kernel import settings
from kernel.settings import Settings

AT_ONCE = 20
MOST = 500
STEPS, TOTAL = "signup_step_seconds", "signup_seconds"


async def main() -> None:
    """Run both and print two lines and a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequential", type=int, default=60, help="sign-ups one after another")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of twenty at once")
    options = parser.parse_args()
    installation = settings.load()
    if options.sequential + AT_ONCE * options.rounds > MOST:
        parser.error(f"at most {MOST} portals: they stay")
    door = f"http://{installation.door.address}:{installation.door.http}"
    headers = {"Host": installation.base_domain}
    async with httpx.AsyncClient(base_url=door, headers=headers, timeout=30) as client:
        await sign_up(client)  # connections, caches
        before = await seconds_by_step(installation)
        alone = [await sign_up(client) for _ in range(options.sequential)]
        after = await seconds_by_step(installation)
        crowd: list[float] = []
        for _ in range(options.rounds):
            crowd += await asyncio.gather(*(sign_up(client) for _ in range(AT_ONCE)))
    print(f"one after another  {summary(alone)}")
    if crowd:
        print(f"{AT_ONCE} at once         {summary(crowd)}")
    print("mean ms, one after another:", breakdown(before, after))


async def sign_up(client: httpx.AsyncClient) -> float:
    """Sign up a new company and return the seconds."""
    label = f"bench{secrets.token_hex(6)}"
    body = {
        "company": f"Bench {label}",
        "host": label,
        "email": f"boss@{label}.example",
        "password": "correct horse battery",
    }
    started_at = time.perf_counter()
    answer = await client.post(
        "/api/v1/signup", json=body, headers={"Idempotency-Key": secrets.token_hex(16)}
    )
    elapsed = time.perf_counter() - started_at
    if answer.status_code != 201:
        raise SystemExit(f"{answer.status_code}: {answer.text}")
    return elapsed


async def seconds_by_step(installation: Settings) -> Mapping[str, tuple[float, float]]:
    """Return sum and count of each histogram of the sign-up, over all nodes."""
    found: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    async with httpx.AsyncClient() as client:
        for site in installation.datacentres:
            url = f"http://{site.address}:{installation.ports.signup}/metrics"
            for family in text_string_to_metric_families((await client.get(url)).text):
                if family.name in {STEPS, TOTAL}:
                    for sample in family.samples:
                        add(found, sample.name, sample.labels, sample.value)
    return found


def add(
    found: dict[str, tuple[float, float]], name: str, labels: Mapping[str, str], value: float
) -> None:
    """Add one sample of a histogram."""
    step = labels.get("step", "whole request in the service")
    total, count = found[step]
    if name.endswith("_sum"):
        found[step] = (total + value, count)
    if name.endswith("_count"):
        found[step] = (total, count + value)


def breakdown(
    before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]
) -> str:
    """Return the mean of each step between the two."""
    parts = []
    for step, (total, count) in after.items():
        old_total, old_count = before.get(step, (0.0, 0.0))
        if count > old_count:
            parts.append(f"{step} {1000 * (total - old_total) / (count - old_count):.0f}")
    return ", ".join(parts)


def summary(times: Iterable[float]) -> str:
    """Return percentiles in milliseconds."""
    ordered = sorted(1000 * t for t in times)
    cuts = statistics.quantiles(ordered, n=20)
    return f"n={len(ordered)}  p50={cuts[9]:.0f}  p95={cuts[18]:.0f}  max={ordered[-1]:.0f}  ms"


if __name__ == "__main__":
    asyncio.run(main())
