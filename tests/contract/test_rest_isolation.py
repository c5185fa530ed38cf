"""Every method of the compatible surface, asked with a foreign portal's webhook and a foreign portal's ids.

Generated from the registry, so a method that somebody declares tomorrow is tested the day it appears.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from kernel.settings import Settings
from portal.surface import METHODS
from testkit.plans import lift_limits
from testkit.portals import SignUp, TestPortal, door_url

# what answers without leave, or of the portal as a whole
OF_THE_PORTAL = {"batch", "methods", "method.get", "scope", "server.time", "app.info", "profile"}


@dataclass(frozen=True, slots=True)
class Guarded:
    """A portal, its webhook with every scope, and ids of things in it."""

    portal: TestPortal
    path: str = field(repr=False)
    ids: tuple[int, ...]
    secret: str

    async def call(self, method: str, path: str, parameters: Any = None) -> httpx.Response:
        """Call a method of this portal by any webhook's path."""
        return await self.portal.client.post(f"{path}{method}", json=parameters or {})


@pytest.fixture(scope="module")
async def pair(settings: Settings, new_portal: SignUp) -> tuple[Guarded, Guarded]:
    return await _made(settings, new_portal, "ru"), await _made(settings, new_portal, "eu")


async def _made(settings: Settings, new_portal: SignUp, region: str) -> Guarded:
    secret = f"Secret of {region}"
    portal = await new_portal(region=region, company=secret)
    await asyncio.to_thread(lift_limits, settings, portal.id, portal.home_dc)
    scopes = sorted({scope for method in METHODS.values() for scope in method.scopes})
    made = (await portal.client.post("/api/v1/webhooks", json={"scopes": scopes})).json()
    path = httpx.URL(made["url"]).path
    lead = await portal.client.post(f"{path}crm.lead.add", json={"fields": {"TITLE": secret}})
    custom = await portal.client.post(
        f"{path}crm.lead.userfield.add",
        json={"fields": {"FIELD_NAME": "S", "USER_TYPE_ID": "string", "LABEL": secret}},
    )
    ids = int(lead.json()["result"]), int(custom.json()["result"]), portal.user_id
    return Guarded(portal, path, ids, secret)


def both(pair: tuple[Guarded, Guarded]) -> Iterator[tuple[Guarded, Guarded]]:
    yield pair
    yield pair[1], pair[0]


async def test_no_method_answers_a_foreign_portals_webhook(pair: tuple[Guarded, Guarded]) -> None:
    for mine, theirs in both(pair):
        for name in (*METHODS, "no.such.method"):
            answer = await mine.call(name, theirs.path)
            assert (answer.status_code, answer.json()["error"]) == (401, "INVALID_CREDENTIALS"), (
                name
            )


async def test_no_method_answers_without_leave(
    settings: Settings, pair: tuple[Guarded, Guarded]
) -> None:
    async with pair[0].portal.at(door_url(settings), "") as nobody:
        for name in METHODS:
            answer = await nobody.post(f"/rest/{name}")
            assert (answer.status_code, answer.json()["error"]) == (401, "NO_AUTH_FOUND"), name


async def test_no_method_shows_or_changes_what_a_foreign_id_names(
    settings: Settings, pair: tuple[Guarded, Guarded]
) -> None:
    """Their ids exist, and are even or odd as ours are not: asked here they must not be there."""
    if len(settings.datacentres) == 1:
        pytest.skip("in the box both count in one class of ids; the cluster of two tests this")
    for mine, theirs in both(pair):
        before = await _everything(theirs)
        for name in sorted(METHODS.keys() - OF_THE_PORTAL):
            for number in theirs.ids:
                given = {"id": number, "filter": {"ID": number}, "fields": {"TITLE": "taken"}}
                answer = await mine.call(name, mine.path, given)
                assert answer.status_code < 500, (name, answer.text)
                assert theirs.secret not in answer.text, name
        assert await _everything(theirs) == before


async def _everything(theirs: Guarded) -> list[Any]:
    methods = ("crm.lead.list", "crm.lead.userfield.list", "user.get", "crm.status.list")
    return [(await theirs.call(m, theirs.path)).json()["result"] for m in methods]
