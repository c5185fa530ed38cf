"""TLS at the front door of a running cluster, and its certificate replaced while people work."""

import asyncio
import os
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from kernel.settings import SETTINGS_VARIABLE, Settings
from testkit.harm import Harm
from testkit.portals import TestPortal

pytestmark = pytest.mark.cluster
LOOKS = 20


def encrypted(settings: Settings, portal: TestPortal) -> httpx.AsyncClient:
    """Return a client that trusts our authority and nobody else."""
    headers = {"Host": portal.host, "Authorization": f"Bearer {portal.token}"}
    return httpx.AsyncClient(
        base_url=f"https://{settings.door.address}:{settings.door.https}",
        headers=headers,
        verify=ssl.create_default_context(cafile=settings.authority_file),
        trust_env=False,
        timeout=30,
    )


async def get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """Ask for the host that the client names, in TLS too."""
    return await client.get(path, extensions={"sni_hostname": client.headers["Host"]})


async def certificate(settings: Settings, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "cluster", "certificate", *map(str, words)]
    return await asyncio.to_thread(
        subprocess.run,
        [*command, "--settings", os.environ[SETTINGS_VARIABLE]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def served(settings: Settings) -> int:
    """Return the serial number that a new client meets."""
    pem = ssl.get_server_certificate((settings.door.address, settings.door.https), timeout=30)
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


async def test_a_client_that_trusts_our_authority_works_with_a_portal(
    settings: Settings, acme: TestPortal
) -> None:
    async with encrypted(settings, acme) as client:
        me = await get(client, "/api/v1/me")

    assert me.status_code == 200
    assert me.json()["email"] == acme.email


async def test_a_new_certificate_costs_no_request_and_no_process(
    settings: Settings, acme: TestPortal, harm: Harm
) -> None:
    before, pids = served(settings), [p.pid for p in await harm.processes()]
    async with encrypted(settings, acme) as client:
        assert (await get(client, "/api/v1/me")).status_code == 200
        work = asyncio.gather(*(get(client, "/api/v1/me") for _ in range(LOOKS)))
        renewed = await certificate(settings, "--renew")
        answers = [*await work, await get(client, "/api/v1/me")]

    assert renewed.returncode == 0, renewed.stderr
    assert {answer.status_code for answer in answers} == {200}
    assert f"{served(settings):X}" in renewed.stdout
    assert served(settings) != before
    assert [p.pid for p in await harm.processes()] == pids


async def test_a_file_that_is_no_certificate_is_refused_and_changes_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    before, bad = served(settings), tmp_path / "bad.pem"
    bad.write_bytes(settings.authority_file.read_bytes())  # no key, and for nobody's name

    refused = await certificate(settings, "--file", bad)

    assert refused.returncode == 1
    assert "private key" in refused.stderr
    assert served(settings) == before
