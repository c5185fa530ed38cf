"""Webhooks into the portal: made, shown once, used, revoked."""

import asyncio
import secrets
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import bindparam, select

from db.statements import Statement
from kernel.settings import Settings
from portal.context import RequestContext
from portal.modules.company.contracts import UserId
from portal.modules.webhooks import wiring
from portal.modules.webhooks.errors import WebhookLimitError
from portal.modules.webhooks.service.inbound import Asker
from portal.modules.webhooks.tables import webhooks
from portal.tables import idempotency_keys
from portal.unit import transaction
from testkit.portals import PASSWORD, TestPortal, node_urls

WEBHOOKS = "/api/v1/webhooks"
DEAD_WITHIN_SECONDS = 5
_ROWS = Statement(
    select(webhooks.c.code_hash).where(webhooks.c.portal_id == bindparam("portal_id"))
)
_KEYS = Statement(
    select(idempotency_keys.c.body).where(idempotency_keys.c.portal_id == bindparam("portal_id"))
)


async def made(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post(WEBHOOKS, json={"scopes": ["crm", "user"], **fields})
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    return webhook


async def employee(portal: TestPortal) -> tuple[int, httpx.AsyncClient]:
    """Add somebody and log him in; close his client."""
    email = f"u{secrets.token_hex(5)}@{portal.label}.example"
    added = await portal.client.post("/api/v1/users", json={"email": email, "password": PASSWORD})
    session = await portal.client.post(
        "/api/v1/sessions", json={"email": email, "password": PASSWORD}
    )
    return added.json()["id"], portal.at(str(portal.client.base_url), session.json()["token"])


async def status_at(portal: TestPortal, url: str, webhook: dict[str, Any], user: int = 0) -> int:
    """Ask a web node for the time, by a webhook."""
    path = f"/rest/{user or webhook['user_id']}/{webhook['code']}/server.time"
    async with portal.at(url, "") as client:
        return (await client.get(path)).status_code


async def statuses(settings: Settings, portal: TestPortal, webhook: dict[str, Any]) -> set[int]:
    """Ask every web node of every datacentre."""
    urls = [u for s in settings.datacentres for u in node_urls(settings, s.name)]
    return {await status_at(portal, url, webhook) for url in urls}


async def test_a_webhook_is_shown_once_and_kept_as_a_hash(
    portal: TestPortal, context: RequestContext
) -> None:
    headers = {"Idempotency-Key": secrets.token_hex()}
    answer = await portal.client.post(WEBHOOKS, json={"scopes": ["crm"]}, headers=headers)
    webhook = answer.json()
    code = webhook["code"]
    assert webhook["url"].endswith(f"/rest/{portal.user_id}/{code}/")
    assert webhook["url"].startswith(f"https://{portal.host}")
    assert webhook["http_url"].startswith(f"http://{portal.host}")
    for path in (WEBHOOKS, f"{WEBHOOKS}/{webhook['id']}", "/api/v1/changes?limit=1000"):
        shown = await portal.client.get(path)
        assert shown.status_code == 200
        assert code not in shown.text
    async with context.reading() as session:
        rows = [*await session.all(_ROWS), *await session.all(_KEYS)]
    assert len(rows) == 1
    assert all(code.encode() not in (row[0] or b"") for row in rows)


async def test_everybody_makes_his_own_and_an_administrator_anybodys(portal: TestPortal) -> None:
    user, client = await employee(portal)
    async with client:
        own = await made(client, title="PBX")
        for_others = await client.post(
            WEBHOOKS, json={"scopes": ["crm"], "user_id": portal.user_id}
        )
        theirs = await made(portal.client)
        for_him = await made(portal.client, user_id=user)
        listed = (await client.get(WEBHOOKS)).json()["items"]
        foreign = [
            await client.get(f"{WEBHOOKS}/{theirs['id']}"),
            await client.patch(f"{WEBHOOKS}/{theirs['id']}", json={"title": "mine"}),
            await client.delete(f"{WEBHOOKS}/{theirs['id']}"),
        ]
    assert (own["user_id"], own["created_by"], own["title"]) == (user, user, "PBX")
    assert (for_others.status_code, for_others.json()["code"]) == (403, "forbidden")
    assert (for_him["user_id"], for_him["created_by"]) == (user, portal.user_id)
    assert {w["id"] for w in listed} == {own["id"], for_him["id"]}
    assert {(a.status_code, a.json()["code"]) for a in foreign} == {(404, "webhook-not-found")}
    all_of_them = (await portal.client.get(WEBHOOKS)).json()["items"]
    assert {w["id"] for w in all_of_them} == {own["id"], theirs["id"], for_him["id"]}


async def test_what_makes_no_sense_is_refused(portal: TestPortal) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"scopes": ["everything"]}, "scope-unknown"),
        ({"scopes": []}, "invalid-fields"),
        ({"scopes": ["crm"], "user_id": 999_999_999}, "webhook-user-not-active"),
        ({"scopes": ["crm"], "title": "x" * 201}, "invalid-fields"),
        ({"scopes": ["crm"], "code": "mine"}, "invalid-fields"),
    ]
    for body, code in wrong:
        answer = await portal.client.post(WEBHOOKS, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), body


async def test_a_webhook_opens_its_own_portal_for_its_own_user_only(
    settings: Settings, portal: TestPortal, beta: TestPortal
) -> None:
    webhook = await made(portal.client)
    door = str(portal.client.base_url)
    assert await status_at(portal, door, webhook) == 200
    assert await status_at(beta, door, webhook) == 401
    assert await status_at(portal, door, webhook, user=webhook["user_id"] + 1) == 401
    assert await status_at(portal, door, {**webhook, "code": webhook["code"][::-1]}) == 401


async def test_a_revoked_webhook_is_dead_everywhere_within_five_seconds(
    settings: Settings, portal: TestPortal
) -> None:
    webhook = await made(portal.client)
    async with asyncio.timeout(60):
        assert await statuses(settings, portal, webhook) == {200}
        revoked = await portal.client.delete(f"{WEBHOOKS}/{webhook['id']}")
        await asyncio.sleep(DEAD_WITHIN_SECONDS)  # the promise itself: by then, on every node
        assert await statuses(settings, portal, webhook) == {401}
    assert revoked.status_code == 204
    again = await portal.client.delete(f"{WEBHOOKS}/{webhook['id']}")
    assert (again.status_code, again.json()["code"]) == (410, "webhook-revoked")
    shown = (await portal.client.get(f"{WEBHOOKS}/{webhook['id']}")).json()
    assert shown["revoked_at"] is not None
    assert (await portal.client.get(WEBHOOKS)).json()["items"] == []


async def test_with_its_user_a_webhook_is_dismissed(settings: Settings, portal: TestPortal) -> None:
    user, client = await employee(portal)
    async with client:
        webhook = await made(client)
    assert await statuses(settings, portal, webhook) == {200}
    await portal.client.post(f"/api/v1/users/{user}/dismissal")
    await asyncio.sleep(DEAD_WITHIN_SECONDS)  # the promise itself: by then, on every node
    assert await statuses(settings, portal, webhook) == {401}


async def test_a_scope_that_is_taken_away_is_gone_within_five_seconds(
    portal: TestPortal, settings: Settings
) -> None:
    webhook = await made(portal.client)
    path = f"/rest/{webhook['user_id']}/{webhook['code']}/scope"
    urls = [u for s in settings.datacentres for u in node_urls(settings, s.name)]

    async def scopes() -> list[list[str]]:
        found = []
        for url in urls:
            async with portal.at(url, "") as client:
                found.append((await client.get(path)).json()["result"])
        return found

    assert await scopes() == [["crm", "user"]] * len(urls)
    changed = await portal.client.patch(f"{WEBHOOKS}/{webhook['id']}", json={"scopes": ["task"]})
    assert changed.json()["scopes"] == ["task"]
    await asyncio.sleep(DEAD_WITHIN_SECONDS)  # the promise itself: by then, on every node
    assert await scopes() == [["task"]] * len(urls)


async def test_what_happens_to_a_webhook_stands_in_the_journal(portal: TestPortal) -> None:
    webhook = await made(portal.client, title="PBX")
    path = f"{WEBHOOKS}/{webhook['id']}"
    await portal.client.patch(path, json={"title": "Asterisk"})
    await portal.client.delete(path)
    changes = (await portal.client.get("/api/v1/changes?limit=1000")).json()["items"]
    facts = [c for c in changes if c["entity"] == "webhook"]
    assert [(f["verb"], f["entity_id"], f["actor"]) for f in facts] == [
        (verb, webhook["id"], portal.user_id) for verb in ("created", "updated", "revoked")
    ]


async def test_that_it_is_in_use_is_noted(portal: TestPortal) -> None:
    webhook = await made(portal.client)
    assert webhook["last_used_at"] is None
    await status_at(portal, str(portal.client.base_url), webhook)

    async def used() -> bool:
        shown = await portal.client.get(f"{WEBHOOKS}/{webhook['id']}")
        return shown.json()["last_used_at"] is not None

    async with asyncio.timeout(30):
        while not await used():  # noqa: ASYNC110  # a portal sends a test no event
            await asyncio.sleep(0.1)


async def test_a_portal_has_as_many_as_it_may_have(
    portal: TestPortal, context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = context.resources.settings.limits.model_copy(update={"webhooks": 2})
    monkeypatch.setitem(context.resources.settings.__dict__, "limits", limits)
    asker = Asker(UserId(portal.user_id), is_administrator=True)

    async def make(session: Any) -> Any:
        service = wiring.webhook_service(session, context, asker)
        return await service.make(UserId(portal.user_id), "", ("crm",))

    at_once = [transaction(context, make) for _ in range(5)]
    outcomes = await asyncio.gather(*at_once, return_exceptions=True)
    assert sum(isinstance(o, WebhookLimitError) for o in outcomes) == 3, outcomes
    async with context.reading() as session:
        kept = await wiring.webhooks(session).all(user=None, after=0, limit=10)
        assert await wiring.webhooks(session).count() == 2
    revoke = partial(_revoke, context, asker, kept[0].id)
    await transaction(context, revoke)
    await transaction(context, make)


async def _revoke(context: RequestContext, asker: Asker, webhook: Any, session: Any) -> None:
    await wiring.webhook_service(session, context, asker).revoke(webhook)
