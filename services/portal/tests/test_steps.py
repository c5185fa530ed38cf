"""Which steps of jobs a web node does, asked as a worker asks."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from db.sessions import writing
from jobs import queue
from kernel.ids import PortalId
from kernel.secrets import Secrets
from kernel.settings import Settings
from testkit import bare_portals
from testkit.portals import TestPortal


@pytest.fixture
async def internal(
    settings: Settings, portal_secrets: Secrets, acme: TestPortal
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the web nodes of acme's datacentre, with the token of our own services."""
    headers = {"Authorization": f"Bearer {portal_secrets['internal_token']}"}
    async with httpx.AsyncClient(
        base_url=settings.internal_url(acme.home_dc), headers=headers, timeout=30
    ) as client:
        yield client


async def enqueued(settings: Settings, portal: TestPortal, kind: str, *, finished: bool) -> int:
    """Write a job of a kind that no worker may take before tomorrow."""
    pair = settings.pairs[0].id
    async with bare_portals.connected(settings, "portal", "portico_app") as database:
        owner = await bare_portals.ownership_of(database, pair, portal.home_dc, PortalId(portal.id))
        async with writing(database, owner) as session:
            job = await queue.enqueue(session, kind, {}, run_at=session.now + timedelta(days=1))
            if finished:
                await queue.complete(session, job)
    return job


async def test_only_our_own_services_may_ask_for_a_step(internal: httpx.AsyncClient) -> None:
    answer = await internal.post(
        "/internal/jobs/1/1/step", headers={"Authorization": "Bearer guessed"}
    )
    assert answer.status_code == 401


async def test_a_step_of_a_portal_that_is_not_served_here_is_put_off(
    internal: httpx.AsyncClient,
) -> None:
    answer = await internal.post("/internal/jobs/1/1/step")
    assert (answer.status_code, answer.json()["code"]) == (503, "stale-route")


async def test_there_is_no_step_of_a_job_that_is_not_there(
    internal: httpx.AsyncClient, acme: TestPortal
) -> None:
    answer = await internal.post(f"/internal/jobs/{acme.id}/999999/step")
    assert answer.status_code == 404


async def test_a_job_of_a_kind_unknown_here_is_left_to_another_node(
    internal: httpx.AsyncClient, settings: Settings, acme: TestPortal
) -> None:
    job = await enqueued(settings, acme, "test.unknown", finished=False)
    assert (await internal.post(f"/internal/jobs/{acme.id}/{job}/step")).status_code == 503


async def test_a_finished_job_is_done(
    internal: httpx.AsyncClient, settings: Settings, acme: TestPortal
) -> None:
    job = await enqueued(settings, acme, "test.unknown", finished=True)
    answer = await internal.post(f"/internal/jobs/{acme.id}/{job}/step")
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
