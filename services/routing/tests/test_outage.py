"""etcd dies, loses its majority or freezes under running services; each test with a deadline."""

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from testkit import routing
from testkit.etcd import Cluster
from testkit.routing import Installation

from .calls import Api, until
from .lines import now, watching

QUICK_SECONDS = 20.0  # for ten answers, none of which waits for etcd to come back


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Installation, Cluster]]:
    """With the time limits of the product, which are what these tests are about."""
    with routing.running(tmp_path) as running:
        yield running


async def test_without_etcd_reads_go_on_and_writes_say_try_again(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    _, cluster = own
    route = await own_api.found("acme")
    cluster.kill()

    started = time.monotonic()
    status, from_memory = await own_api.get("/v1/hosts/acme")
    assert (status, from_memory) == (200, {k: v for k, v in route.items() if k != "created_at"})
    assert (await own_api.get(f"/v1/portals/{route['portal']}"))[0] == 200
    assert len((await own_api.get("/v1/routes"))[1]["portals"]) == 1
    assert (await own_api.get("/v1/pairs/1"))[0] == 200
    assert (await own_api.get("/readyz"))[0] == 200
    assert (await own_api.call("POST", "/v1/placements", {"region": "ru"}))[0] == 200
    for answer in (
        await own_api.client.post("/v1/claims", json=_claim("beta")),
        await own_api.client.patch(
            f"/v1/portals/{route['portal']}", json={"revision": 1, "state": "draining"}
        ),
        await own_api.client.delete(f"/v1/portals/{route['portal']}"),
        await own_api.client.get("/v1/hosts/nobody-knows"),
    ):
        assert answer.status_code == 503
        assert answer.json()["code"] == "directory-unavailable"
        assert int(answer.headers["Retry-After"]) >= 1
    assert time.monotonic() - started < QUICK_SECONDS

    for member in cluster.members:
        member.start()
    cluster.wait()
    await until(partial(_is_claimed, own_api, "77", "beta"))
    await own_api.found("gamma")


async def test_without_majority_it_is_the_same(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    _, cluster = own
    await own_api.found("acme")
    cluster.members[1].kill()
    cluster.members[2].kill()

    async def is_refused() -> bool:
        _, problem = await own_api.claim("beta")
        return bool(problem.get("code") == "directory-unavailable")

    await until(is_refused)
    assert (await own_api.get("/v1/hosts/acme"))[0] == 200

    cluster.members[1].start()
    await until(partial(_is_claimed, own_api, "78", "gamma"))


async def test_a_write_that_was_not_confirmed_says_so(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    _, cluster = own
    await own_api.found("acme")
    for member in cluster.members:
        member.freeze()

    answer = await own_api.client.post("/v1/claims", json=_claim("beta"))

    assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown")
    assert (await own_api.get("/v1/hosts/acme"))[0] == 200
    for member in cluster.members:
        member.thaw()
    # whatever became of it, the same claim made again gives the one answer
    await until(partial(_is_claimed, own_api, "77", "beta"))
    assert (await own_api.answered(lambda: own_api.get("/v1/claims/77")))[1]["host"] == "beta"


async def test_a_service_that_never_saw_etcd_says_it_is_not_ready(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    installation, cluster = own
    cluster.kill()
    service = installation.services["dc-a"]
    service.kill()
    service.start()
    await until(partial(_is_alive, own_api))

    assert (await own_api.get("/readyz"))[0] == 503
    for path in ("/v1/routes", "/v1/watch?revision=1", "/v1/pairs/1", "/v1/hosts/acme"):
        status, problem = await own_api.get(path)
        assert (status, problem["code"]) == (503, "routes-not-loaded")
    for member in cluster.members:
        member.start()
    await asyncio.to_thread(installation.wait)


async def test_heartbeats_tell_how_long_etcd_was_not_heard_of(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    _, cluster = own
    async with watching(own_api, (await now(own_api))[1]) as stream:
        cluster.kill()

        stale = await stream.until(lambda line: line.get("stale_seconds", 0) > 1)

        for member in cluster.members:
            member.start()
        fresh = await stream.until(lambda line: line.get("stale_seconds") == 0)
    assert fresh["revision"] >= stale["revision"]


def _claim(host: str) -> dict[str, object]:
    return {"portal": "77", "host": host, "home": "dc-a", "saga": {}}


async def _is_claimed(api: Api, portal: str, host: str) -> bool:
    """Claim it; the same claim made again gives the same answer."""
    return (await api.claim(host, portal))[0] == 201


async def _is_alive(api: Api) -> bool:
    try:
        return (await api.get("/healthz"))[0] == 200
    except httpx.TransportError:
        return False
