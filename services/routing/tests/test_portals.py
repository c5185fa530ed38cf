"""Portals, pairs and placements over HTTP."""

import asyncio
from typing import Any

import orjson

import etcd
from etcd import Span
from testkit.etcd import Cluster
from testkit.routing import Installation

from .calls import Api
from .lines import now, watching


async def test_a_portal_is_drained_by_compare_and_set(api: Api, host: str) -> None:
    route = await api.found(host)
    path = f"/v1/portals/{route['portal']}"
    change = {"revision": route["revision"], "state": "draining"}

    status, drained = await api.call("PATCH", path, change)
    late = await api.call("PATCH", path, change)

    assert (status, drained["state"], drained["epoch"]) == (200, "draining", 1)
    assert late[0] == 409
    assert late[1]["values"]["current"] == drained
    assert drained["created_at"] == route["created_at"]


async def test_of_ten_changes_over_one_revision_one_wins(
    api: Api, other_api: Api, host: str
) -> None:
    route = await api.found(host)
    path = f"/v1/portals/{route['portal']}"

    answers = await asyncio.gather(
        *(
            (api, other_api)[n % 2].call(
                "PATCH", path, {"revision": route["revision"], "epoch": 2 + n, "home": "dc-b"}
            )
            for n in range(10)
        )
    )

    assert sorted(status for status, _ in answers) == [200] + 9 * [409]


async def test_nothing_else_changes_a_portal_while_it_is_switched(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    route = await own_api.found("acme")
    path, change = f"/v1/portals/{route['portal']}", {"revision": route["revision"], "epoch": 5}
    async with etcd.connect(own[1].urls) as client:
        await client.put(f"moving/{route['portal']}", b"{}")
        for method, content in (("PATCH", change), ("DELETE", None)):
            status, problem = await own_api.call(method, path, content)
            assert (status, problem["code"]) == (409, "portal-switching")
        await client.delete(Span(f"moving/{route['portal']}"))
    assert (await own_api.call("PATCH", path, change))[0] == 200


async def test_a_change_keeps_what_others_wrote(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    """The failover keeps fields of its own in the records."""
    switch = {"target": "dc-b", "until_at": 1.5}
    move = {"kind": "switch", "sides": ["dc-a"], "step": "fence", "until_at": 1.5}
    async with etcd.connect(own[1].urls) as client:
        route = await own_api.found("acme")
        portal, pair = f"portal/{route['portal']}", "pair/1"
        await _add(client, portal, switch)
        await _add(client, pair, {"sworn": {"dc-a": "run 1"}, "move": move})

        for path in (f"/v1/portals/{route['portal']}", "/v1/pairs/1"):
            _, read = await own_api.get(path)
            change = {"epoch": 5} if "epoch" in read else {"term": 5}
            status, _ = await own_api.call("PATCH", path, {"revision": read["revision"], **change})
            assert status == 200

        assert (await _content(client, portal)).items() >= {**switch, "epoch": 5}.items()
        assert (await _content(client, pair))["sworn"] == {"dc-a": "run 1"}
        assert (await _content(client, pair))["move"] == move


async def test_portals_of_a_side_that_is_moved_are_draining(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    async with etcd.connect(own[1].urls) as client:
        route = await own_api.found("acme")
        async with watching(own_api, (await now(own_api))[1]) as stream:
            move = {"kind": "takeover", "sides": ["dc-a"], "lost": "dc-a", "survivor": "dc-b"}
            await _add(client, "pair/1", {"move": move, "away": "dc-a"})
            told = await stream.until(lambda line: line["type"] == "pair")
        assert (told["value"]["move"], told["value"]["away"]) == ({"sides": ["dc-a"]}, "dc-a")
        _, moving = await own_api.get(f"/v1/portals/{route['portal']}")
        assert moving["state"] == "draining"

        await _add(
            client, "pair/1", {"move": {"kind": "rejoin", "site": "dc-a", "step": "restart"}}
        )
        _, opened = await own_api.get(f"/v1/portals/{route['portal']}")
        assert opened["state"] == "active"


async def _content(client: etcd.Client, key: str) -> dict[str, Any]:
    found = await client.find(key)
    assert found is not None
    return dict(orjson.loads(found.value))


async def _add(client: etcd.Client, key: str, fields: dict[str, Any]) -> None:
    await client.put(key, orjson.dumps(await _content(client, key) | fields))


async def test_a_portal_does_not_move_without_a_higher_epoch(api: Api, host: str) -> None:
    route = await api.found(host)
    path = f"/v1/portals/{route['portal']}"

    status, problem = await api.call("PATCH", path, {"revision": route["revision"], "home": "dc-b"})
    assert (status, problem["code"]) == (422, "epoch-not-raised")
    status, moved = await api.call(
        "PATCH", path, {"revision": route["revision"], "home": "dc-b", "epoch": 2}
    )

    assert (status, moved["home"], moved["owner"], moved["epoch"]) == (200, "dc-b", "dc-b", 2)


async def test_unknown_things_are_404_with_a_code(api: Api) -> None:
    for path, code in (
        ("/v1/hosts/nobody-has-this", "host-unknown"),
        ("/v1/portals/1", "portal-unknown"),
        ("/v1/claims/1", "claim-unknown"),
        ("/v1/pairs/99", "pair-unknown"),
    ):
        status, problem = await api.get(path)
        assert (status, problem["code"]) == (404, code)


async def test_portals_are_listed_in_pages(api: Api, host: str) -> None:
    made = {(await api.found(f"{host}-{n}"))["portal"] for n in range(3)}

    found, after = [], ""
    while True:
        _, page = await api.get(f"/v1/portals?limit=2{after}")
        found += [portal["portal"] for portal in page["portals"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert made <= set(found)
    assert found == sorted(found, key=int)
    assert len(found) == len(set(found))


async def test_a_portal_is_placed_by_its_region(api: Api) -> None:
    russian = await api.call("POST", "/v1/placements", {"region": "ru"})
    elsewhere = await api.call("POST", "/v1/placements", {"region": "no-such-region"})
    wanted = await api.call("POST", "/v1/placements", {"home": "dc-a", "region": "us"})

    assert russian == (200, {"home": "dc-a", "pair": 1, "owner": "dc-a", "term": 1})
    assert elsewhere[1]["home"] == "dc-b"
    assert wanted[1]["home"] == "dc-a"
    assert (await api.call("POST", "/v1/placements", {"home": "witness"}))[0] == 422
