"""Web nodes confirm up to which revision they know all routes, at any routing service."""

import asyncio
import time
from contextlib import suppress

import orjson
import pytest

import etcd
from routing.errors import TooManyNodesError
from routing.nodes import LEASE_SECONDS, Nodes
from routing.store import Store
from testkit.etcd import Cluster
from testkit.routing import Installation

from .calls import Api, opened, until

PATH = "/v1/nodes/dc-a/portal-1"
KEY = "node/dc-a/portal-1"


async def confirm(api: Api, revision: int) -> int:
    status, _ = await api.call("PUT", PATH, {"revision": revision})
    return status


async def confirmed(api: Api, client: etcd.Client, revision: int) -> dict[str, object] | None:
    """Confirm, and return what is known then; again if the lease may have ended meanwhile."""
    while True:
        began_at = time.monotonic()
        assert await confirm(api, revision) == 200
        found = await known(client)
        if found is not None or time.monotonic() - began_at < LEASE_SECONDS:
            return found


async def known(client: etcd.Client) -> dict[str, object] | None:
    found = await client.find(KEY)
    return None if found is None else dict(orjson.loads(found.value))


async def test_a_confirmation_stands_while_it_is_repeated_and_no_longer(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    async with etcd.connect(own[1].urls) as client:
        started = time.monotonic()
        while time.monotonic() - started < 4:
            found = await confirmed(own_api, client, 7)
            assert found == {"dc": "dc-a", "node": "portal-1", "revision": 7}
            await asyncio.sleep(0.5)

        async def is_gone() -> bool:
            return await known(client) is None

        await until(is_gone)
        found = await confirmed(own_api, client, 8)
        assert found == {"dc": "dc-a", "node": "portal-1", "revision": 8}


async def test_any_service_takes_over_from_the_other(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    installation, cluster = own
    async with etcd.connect(cluster.urls) as client, opened(installation.urls[1]) as other:
        assert await confirm(own_api, 7) == 200
        installation.services["dc-a"].kill()
        started = time.monotonic()
        revision = 7
        while time.monotonic() - started < 4:  # longer than the first one's lease
            revision += 1
            found = await confirmed(other, client, revision)
            assert found is not None
            assert found["revision"] == revision
            await asyncio.sleep(0.5)


async def test_a_node_learns_whether_it_has_heard_of_every_change(own_api: Api) -> None:
    route = await own_api.found("acme")
    status, answer = await own_api.call("PUT", PATH, {"revision": 1})
    assert (status, answer) == (200, {"newest": route["revision"]})


async def test_a_node_that_leaves_is_not_waited_for(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    async with etcd.connect(own[1].urls) as client:
        await confirm(own_api, 7)
        assert (await own_api.call("DELETE", PATH))[0] == 204
        assert await known(client) is None
        assert (await own_api.call("DELETE", PATH))[0] == 204


async def test_without_a_majority_nothing_is_confirmed(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    assert await confirm(own_api, 7) == 200
    for member in own[1].members[1:]:
        member.kill()
    assert await confirm(own_api, 8) == 503


async def test_only_nodes_that_live_count_against_the_limit(
    own: tuple[Installation, Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.nodes.LEASE_SECONDS", 5)  # two may pass between two of these lines
    async with etcd.connect(own[1].urls) as client:
        nodes = Nodes(Store(client), most=2)
        await nodes.confirm("dc-a", "portal-1", 7)
        await nodes.confirm("dc-a", "portal-2", 7)
        with pytest.raises(TooManyNodesError):
            await nodes.confirm("dc-a", "portal-3", 7)
        await nodes.confirm("dc-a", "portal-2", 8)  # who is known already may go on

        async def is_admitted() -> bool:
            with suppress(TooManyNodesError):
                await nodes.confirm("dc-a", "portal-3", 7)
                return True
            return False

        await until(is_admitted)


@pytest.mark.parametrize("path", ["/v1/nodes/dc-a/a%2Fb", "/v1/nodes/DC/portal-1"])
async def test_a_name_that_is_none_is_refused(api: Api, path: str) -> None:
    status, _ = await api.call("PUT", path, {"revision": 1})
    assert status in {404, 422}
