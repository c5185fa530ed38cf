"""The whole worker, but for the process around it."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from db.engine import Database
from db.sessions import Ownership, writing
from jobs import mail
from jobs.mail import Mail
from kernel import secrets
from kernel.settings import Settings, Site
from routes import PairRecord, PortalRecord, RouteTable
from routes.snapshot import Snapshot
from worker import app

from .deadlines import until
from .mail_server import PORT, MailServer

CLOSED_PORT = 9


@pytest.fixture
def cut_off(
    settings: Settings, portal: Ownership, mail_server: MailServer, tmp_path: Path
) -> Settings:
    """The installation as a worker sees it that reaches no routing service, but has a snapshot."""
    table = RouteTable("a history")
    serving = {side: side for side in settings.pair(portal.pair).sites}
    table.put_pair(PairRecord(portal.pair, "SYNC", None, portal.term, serving, revision=1))
    table.put_portal(
        PortalRecord(
            portal.portal, "acme", portal.pair, portal.side, portal.epoch, "active", revision=2
        )
    )
    Snapshot.of(table).write(tmp_path / "run" / f"routes-{portal.side}-worker.jsonl")
    relay = Site(name="relay", kind="witness", address=mail_server.host)
    ports = settings.ports.model_copy(update={"routing": CLOSED_PORT, "smtp": PORT})
    return settings.model_copy(
        update={
            "var": tmp_path,
            "ports": ports,
            "sites": (*settings.sites, relay),
            "shared_site": relay.name,
        }
    )


async def test_a_worker_sends_mail_while_no_routing_service_answers(
    *,
    settings: Settings,
    cut_off: Settings,
    database: Database,
    portal: Ownership,
    mail_server: MailServer,
) -> None:
    values = {"company": "Acme", "link": "https://acme.portico.localhost/x", "first_name": ""}
    letter = Mail(template="confirmation", to="a@example.org", locale="de", values=values)
    async with writing(database, portal) as session:
        job = await mail.send_later(session, letter)
    worker = app.create(
        cut_off, secrets.load(settings.secrets_dir, "worker"), portal.side, "worker"
    )
    transport = httpx.ASGITransport(worker)

    async with httpx.AsyncClient(transport=transport, base_url="http://worker") as client:
        async with worker.router.lifespan_context(worker):
            await until(lambda: is_ready(client))
            (received,) = await mail_server.mails(1)
            metrics = (await client.get("/metrics")).text
        stopped = await client.get("/readyz")

    assert received["Message-ID"] == f"<job-{job}.portal-{portal.portal}@{settings.base_domain}>"
    assert 'worker_jobs_claimed_total{kind="mail.send"}' in metrics
    assert (stopped.status_code, stopped.json()["detail"]) == (503, "stopping")


async def test_a_worker_whose_work_broke_ends_its_process() -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)

    async def break_down() -> None:
        raise AssertionError("a defect")

    try:
        broken = asyncio.create_task(break_down())
        broken.add_done_callback(app._end_the_process)
        await asyncio.wait_for(ended.wait(), 20)
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)


async def is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200
