"""Portals, pairs and placements over HTTP."""

import asyncio

from .calls import Api


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
