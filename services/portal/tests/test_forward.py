"""A portal is the same from every datacentre, long bodies and refusals included."""

import asyncio
import hashlib
import secrets
from urllib.parse import urlsplit

from kernel.settings import Settings
from testkit.portals import TestPortal, node_urls

DEADLINE_SECONDS = 50
BYTES = 20_000_000


def entrances(settings: Settings) -> list[str]:
    """One web node of each datacentre: one owns the portal, the other forwards."""
    return [node_urls(settings, site.name)[0] for site in settings.datacentres]


async def test_a_refusal_comes_before_the_body_is_sent(
    settings: Settings, acme: TestPortal
) -> None:
    for url in entrances(settings):
        reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
        lines = (
            "POST /api/v1/drive/files?name=x HTTP/1.1",
            f"Host: {acme.host}",
            "Authorization: Bearer nobody",
            f"Content-Length: {BYTES}",
        )
        writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert b" 401 " in await reader.readline(), url
        writer.close()


async def test_a_long_body_passes_both_ways(settings: Settings, acme: TestPortal) -> None:
    content = secrets.token_bytes(BYTES)
    for number, url in enumerate(entrances(settings)):
        async with acme.at(url) as client, asyncio.timeout(DEADLINE_SECONDS):
            name = f"{secrets.token_hex(6)}-{number}.bin"
            made = await client.post(f"/api/v1/drive/files?name={name}", content=content)
            assert made.status_code == 201, made.text
            there = await client.get(f"/api/v1/drive/files/{made.json()['id']}/content")
        assert hashlib.sha256(there.content).hexdigest() == made.json()["sha256"]


async def test_headers_pass_as_they_are(settings: Settings, acme: TestPortal) -> None:
    for url in entrances(settings):
        async with acme.at(url) as client:
            headers = {"Accept-Language": "de", "Idempotency-Key": secrets.token_hex(8)}
            body = {"name": f"Abteilung {secrets.token_hex(4)}"}
            first, again = [
                await client.post("/api/v1/departments", json=body, headers=headers)
                for _ in range(2)
            ]
            missing = await client.get("/api/v1/users/999999999", headers=headers)
        assert (first.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert missing.json()["detail"].startswith("In diesem Portal")
