"""The compatible methods of events: bound, shown and unbound by a webhook."""

import asyncio
from typing import Any

import httpx

from testkit.portals import PASSWORD, TestPortal

from .receivers import Receiver

WEBHOOKS = "/api/v1/webhooks"
HANDLERS = "/api/v1/event-handlers"
Json = dict[str, Any]


class Integration:
    """A program that knows one webhook and nothing else."""

    def __init__(self, client: httpx.AsyncClient, webhook: Json) -> None:
        self._client = client
        self.id = webhook["id"]
        self._path = f"/rest/{webhook['user_id']}/{webhook['code']}/"

    async def call(self, method: str, **parameters: Any) -> Any:
        answer = await self._client.post(self._path + method, json=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    async def refused(self, method: str, **parameters: Any) -> tuple[int, str]:
        answer = await self._client.post(self._path + method, json=parameters)
        return answer.status_code, answer.json()["error"]


async def integrated(portal: TestPortal, *scopes: str) -> Integration:
    made = await portal.client.post(WEBHOOKS, json={"scopes": list(scopes)})
    return Integration(portal.client, made.json())


async def test_events_are_those_of_the_webhooks_scopes(portal: TestPortal) -> None:
    crm = await integrated(portal, "crm")
    leads = ["ONCRMLEADADD", "ONCRMLEADDELETE", "ONCRMLEADUPDATE"]
    assert await crm.call("events") == leads
    assert await crm.call("events", SCOPE="user") == ["ONUSERADD"]
    assert await crm.call("events", FULL=True) == [*leads, "ONUSERADD"]


async def test_an_address_is_bound_told_shown_and_unbound(
    portal: TestPortal, receiver: Receiver
) -> None:
    pbx, other = await integrated(portal, "crm"), await integrated(portal, "crm")
    for event in ("OnCrmLeadAdd", "ONCRMLEADUPDATE", "ONCRMLEADADD"):
        assert await pbx.call("event.bind", event=event, handler=receiver.url) is True
    assert await pbx.call("event.get") == [
        {"event": event, "handler": receiver.url, "auth_type": "0", "offline": 0}
        for event in ("ONCRMLEADADD", "ONCRMLEADUPDATE")
    ]
    assert await other.call("event.get") == []
    lead = (await portal.client.post("/api/v1/crm/leads", json={"title": "x"})).json()["id"]
    await portal.client.patch(f"/api/v1/crm/leads/{lead}", json={"title": "y"})
    await receiver.until(lambda: len(receiver.taken) == 2)
    assert receiver.of_leads() == {lead: ["ONCRMLEADADD", "ONCRMLEADUPDATE"]}
    unbinding = {"event": "oncrmleadadd", "handler": receiver.url}
    assert await other.call("event.unbind", **unbinding) == {"count": 0}
    assert await pbx.call("event.unbind", **unbinding) == {"count": 1}
    assert [b["event"] for b in await pbx.call("event.get")] == ["ONCRMLEADUPDATE"]
    unbinding["event"] = "ONCRMLEADUPDATE"
    assert await pbx.call("event.unbind", **unbinding) == {"count": 1}
    assert (await portal.client.get(HANDLERS)).json()["items"] == []


async def test_with_its_webhook_what_it_bound_is_gone(
    portal: TestPortal, receiver: Receiver
) -> None:
    pbx = await integrated(portal, "crm")
    await pbx.call("event.bind", event="ONCRMLEADADD", handler=receiver.url)
    (bound,) = (await portal.client.get(HANDLERS)).json()["items"]
    assert bound["webhook_id"] == pbx.id
    await portal.client.delete(f"{WEBHOOKS}/{pbx.id}")
    assert (await portal.client.get(HANDLERS)).json()["items"] == []


async def test_what_cannot_be_bound_is_refused(portal: TestPortal, receiver: Receiver) -> None:
    pbx = await integrated(portal, "crm")
    url = receiver.url
    refusals: list[tuple[Json, tuple[int, str]]] = [
        ({"event": "ONEVERYTHING", "handler": url}, (400, "ERROR_EVENT_NOT_FOUND")),
        ({"event": "ONUSERADD", "handler": url}, (400, "ERROR_EVENT_NOT_FOUND")),
        ({"handler": url}, (400, "ERROR_EVENT_NOT_FOUND")),
        ({"event": "ONCRMLEADADD"}, (400, "")),
        ({"event": "ONCRMLEADADD", "handler": "ftp://example.com"}, (400, "")),
        ({"event": "ONCRMLEADADD", "handler": "http://127.0.0.1/"}, (400, "")),
        (
            {"event": "ONCRMLEADADD", "handler": url, "event_type": "offline"},
            (400, "ERROR_ARGUMENT"),
        ),
        ({"event": "ONCRMLEADADD", "handler": url, "auth_type": 7}, (400, "ERROR_ARGUMENT")),
    ]
    for parameters, refusal in refusals:
        assert await pbx.refused("event.bind", **parameters) == refusal, parameters
    assert await pbx.call("event.get") == []


async def test_with_the_person_of_its_webhook_what_it_bound_is_told_nothing(
    portal: TestPortal, receiver: Receiver
) -> None:
    second = {"email": f"b@{portal.label}.example", "password": PASSWORD, "role": "admin"}
    user = (await portal.client.post("/api/v1/users", json=second)).json()["id"]
    made = await portal.client.post(WEBHOOKS, json={"scopes": ["crm"], "user_id": user})
    pbx = Integration(portal.client, made.json())
    await pbx.call("event.bind", event="ONCRMLEADADD", handler=receiver.url)
    await portal.client.post("/api/v1/crm/leads", json={"title": "x"})
    await receiver.until(lambda: len(receiver.taken) == 1)
    await portal.client.post(f"/api/v1/users/{user}/dismissal")

    async with asyncio.timeout(40):
        while (await portal.client.get(HANDLERS)).json()["items"][0]["state"] == "on":  # noqa: ASYNC110  # a portal sends a test no event
            await asyncio.sleep(0.1)
    await portal.client.post("/api/v1/crm/leads", json={"title": "y"})

    (bound,) = (await portal.client.get(HANDLERS)).json()["items"]
    assert (bound["state"], bound["off_reason"]) == ("off", "dismissed")
    changes = (await portal.client.get("/api/v1/changes?limit=1000")).json()["items"]
    (fact,) = [change for change in changes if change["verb"] == "switched_off"]
    assert (fact["entity_id"], fact["payload"]) == (bound["id"], {"reason": "dismissed"})
    assert len(receiver.taken) == 1
