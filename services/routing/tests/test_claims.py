"""Claims over HTTP, against two services on one etcd."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.etcd import Cluster
from testkit.routing import Installation

from .calls import Api, new_id, opened


async def test_of_fifty_claims_of_one_host_exactly_one_wins(
    api: Api, other_api: Api, host: str
) -> None:
    answers = await asyncio.gather(*((api if n % 2 else other_api).claim(host) for n in range(50)))

    statuses = [status for status, _ in answers]
    assert sorted(statuses) == [201] + 49 * [409]
    assert {body["code"] for status, body in answers if status == 409} == {"host-taken"}
    winner = next(body["portal"] for status, body in answers if status == 201)
    assert (await other_api.get(f"/v1/claims/{winner}"))[1]["host"] == host


async def test_a_claim_made_twice_is_one_claim(api: Api, other_api: Api, host: str) -> None:
    portal = new_id()

    first = await api.claim(host, portal)
    again = await other_api.claim(host, portal)

    assert first == again
    assert first[0] == 201


async def test_a_portal_claims_one_host_only(api: Api, host: str) -> None:
    portal = new_id()
    await api.claim(host, portal)

    status, problem = await api.claim(f"{host}-2", portal)

    assert (status, problem["code"]) == (409, "portal-taken")
    assert (await api.claim(f"{host}-2"))[0] == 201, "nothing was left behind"


async def test_both_spellings_of_a_name_are_the_same_host(api: Api, host: str) -> None:
    name = f"Ёлка-{host[-6:].translate(str.maketrans('abcdef', 'абвгдж'))}"
    status, claim = await api.claim(name)
    assert status == 201
    assert claim["host"].startswith("xn--")

    for same in (name.lower(), name.upper(), claim["host"]):
        assert (await api.claim(same))[0] == 409


@pytest.mark.parametrize(
    ("name", "reason"), [("admin", "reserved"), ("12345", "digits-only"), ("a", "length")]
)
async def test_a_bad_name_is_refused_with_its_reason(api: Api, name: str, reason: str) -> None:
    status, problem = await api.claim(name)

    assert (status, problem["code"], problem["values"]["reason"]) == (422, "host-invalid", reason)


async def test_errors_speak_the_callers_language(api: Api) -> None:
    body = {"portal": new_id(), "host": "admin", "home": "dc-a", "saga": {}}

    texts = set()
    for language in ("ru", "uk", "de", "en"):
        headers = {"Accept-Language": language}
        answer = await api.client.post("/v1/claims", json=body, headers=headers)
        texts.add(answer.json()["detail"])

    assert len(texts) == 4


@pytest.mark.parametrize("place", [{"home": "witness"}, {"home": "dc-z"}, {"pair": 99}])
async def test_a_claim_for_nowhere_is_refused(api: Api, host: str, place: dict[str, Any]) -> None:
    status, problem = await api.claim(host, **place)

    assert (status, problem["code"]) == (422, "place-invalid")


async def test_a_claimed_host_is_no_portal_until_it_is_published(
    api: Api, other_api: Api, host: str
) -> None:
    _, claim = await api.claim(host)
    assert (await api.get(f"/v1/hosts/{host}"))[0] == 404

    status, published = await api.publish(claim)

    assert (status, published["state"]) == (200, "published")
    status, route = await other_api.get(f"/v1/hosts/{host}")
    assert status == 200
    assert {key: route[key] for key in ("portal", "host", "pair", "home", "owner", "term")} == {
        "portal": claim["portal"],
        "host": host,
        "pair": 1,
        "home": "dc-a",
        "owner": "dc-a",
        "term": 1,
    }
    assert (route["epoch"], route["state"]) == (1, "active")


async def test_progress_is_saved_only_over_what_was_read(api: Api, host: str) -> None:
    _, claim = await api.claim(host)
    path = f"/v1/claims/{claim['portal']}"

    status, saved = await api.call("PUT", path, {"revision": claim["revision"], "saga": {"n": 1}})
    assert (status, saved["saga"]) == (200, {"n": 1})
    late = await api.call("PUT", path, {"revision": claim["revision"], "saga": {"n": 2}})

    assert late[0] == 409
    assert late[1]["code"] == "revision-moved"
    assert late[1]["values"]["current"] == saved


async def test_a_portal_is_not_published_into_a_pair_that_changed_meanwhile(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    """Whoever changed the pair opened the fences of the portals he knew, and of no other."""
    _, claim = await own_api.claim("acme")
    _, before = await own_api.get("/v1/pairs/1")
    change = {"revision": before["revision"], "mode": "SOLO", "solo": "dc-a"}
    assert (await own_api.call("PATCH", "/v1/pairs/1", change))[0] == 200

    status, problem = await own_api.publish_by(before, claim)
    assert (status, problem["code"]) == (409, "pair-moved")
    assert (await own_api.get("/v1/hosts/acme"))[0] == 404
    assert (await own_api.publish(claim))[0] == 200


async def test_of_two_publications_one_wins(api: Api, other_api: Api, host: str) -> None:
    _, claim = await api.claim(host)

    answers = await asyncio.gather(*((api, other_api)[n % 2].publish(claim) for n in range(10)))

    assert sorted(status for status, _ in answers) == [200] + 9 * [409]


async def test_a_published_claim_is_not_published_again(api: Api, host: str) -> None:
    _, claim = await api.claim(host)
    _, published = await api.publish(claim)

    status, problem = await api.publish(published)

    assert (status, problem["code"]) == (409, "claim-published")


async def test_a_released_host_can_be_claimed_again(api: Api, host: str) -> None:
    _, claim = await api.claim(host)

    stale = await api.call("DELETE", f"/v1/claims/{claim['portal']}?revision=1")
    assert stale[0] == 409
    released = await api.call(
        "DELETE", f"/v1/claims/{claim['portal']}?revision={claim['revision']}"
    )
    assert released == (204, None)

    assert (await api.get(f"/v1/claims/{claim['portal']}"))[0] == 404
    assert (await api.claim(host))[0] == 201


async def test_an_undo_that_races_a_publication_leaves_all_or_nothing(
    api: Api, other_api: Api, host: str
) -> None:
    _, claim = await api.claim(host)

    published, released = await asyncio.gather(
        api.publish(claim),
        other_api.call("DELETE", f"/v1/claims/{claim['portal']}?revision={claim['revision']}"),
    )

    is_published = published[0] == 200
    assert is_published != (released[0] == 204)
    assert (await api.get(f"/v1/hosts/{host}"))[0] == (200 if is_published else 404)
    assert (await api.claim(host))[0] == (409 if is_published else 201)


async def test_forgetting_a_published_claim_leaves_the_portal(api: Api, host: str) -> None:
    _, claim = await api.claim(host)
    _, published = await api.publish(claim)
    path = f"/v1/claims/{claim['portal']}"

    assert (await api.call("DELETE", f"{path}?revision={published['revision']}"))[0] == 204

    assert (await api.get(path))[0] == 404
    assert (await api.get(f"/v1/hosts/{host}"))[0] == 200


async def test_a_deleted_portal_leaves_nothing_behind(api: Api, host: str) -> None:
    route = await api.found(host)

    assert (await api.call("DELETE", f"/v1/portals/{route['portal']}"))[0] == 204

    assert (await api.get(f"/v1/hosts/{host}"))[0] == 404
    assert (await api.get(f"/v1/claims/{route['portal']}"))[0] == 404
    assert (await api.call("DELETE", f"/v1/portals/{route['portal']}"))[0] == 404
    assert (await api.claim(host))[0] == 201


async def test_claims_that_were_left_are_found_page_by_page(api: Api, host: str) -> None:
    made = {(await api.claim(f"{host}-{n}"))[1]["portal"] for n in range(5)}
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")

    found, after = [], ""
    while True:
        _, page = await api.get(f"/v1/claims?updated_before={soon}&limit=2{after}")
        found += [claim["portal"] for claim in page["claims"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert made <= set(found)
    assert len(found) == len(set(found))
    assert (await api.get("/v1/claims?updated_before=2000-01-01T00:00:00Z"))[1]["claims"] == []


async def test_only_bearers_of_the_internal_token_are_heard(shared: Installation) -> None:
    async with opened(shared.urls[0], token="guessed") as stranger:
        for path in ("/v1/routes", "/v1/watch?revision=1", "/v1/portals", "/v1/pairs"):
            assert (await stranger.get(path))[0] == 401
        assert (await stranger.claim("acme"))[0] == 401
        assert (await stranger.get("/healthz"))[0] == 200
        assert (await stranger.get("/readyz"))[0] == 200
