"""A company on Portico: what anybody can do over the public API."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from console.errors import ConsoleError
from kernel.settings import Settings

TIMEOUT = httpx.Timeout(60, connect=5)
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Company:
    """A company that has signed up, and a client logged in as its administrator."""

    id: int
    label: str
    home_dc: str
    token: str = field(repr=False)
    client: httpx.AsyncClient = field(repr=False)

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """Send a request that must succeed; return its JSON."""
        answer = await self.client.request(method, f"/api/v1{path}", **options)
        if not answer.is_success:
            raise ConsoleError(
                f"{method} {path} of {self.label}: {answer.status_code} {answer.text}"
            )
        return answer.json()

    async def upload(self, name: str, pattern: bytes, size: int) -> dict[str, Any]:
        """Upload ``size`` bytes, streaming; return the file."""
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        content, params = _bytes(pattern, size), {"name": name}
        made: dict[str, Any] = await self.ask(
            "POST", "/drive/files", params=params, content=content, headers=headers
        )
        return made

    async def downloaded_sha256(self, file_id: int) -> str:
        """Download a file, streaming; return its checksum."""
        digest = hashlib.sha256()
        async with self.client.stream("GET", f"/api/v1/drive/files/{file_id}/content") as answer:
            async for chunk in answer.aiter_bytes(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()


async def sign_up(settings: Settings, name: str, region: str) -> Company:
    """Sign up through the front door, with one request."""
    url = f"http://{settings.door.address}:{settings.door.http}"
    label = f"demo-{secrets.token_hex(4)}"
    body = {
        "company": name,
        "host": label,
        "email": f"admin@{label}.example",
        "password": secrets.token_urlsafe(12),
        "region": region,
    }
    headers = {"Host": settings.base_domain, "Idempotency-Key": secrets.token_hex(16)}
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT) as anonymous:
        answer = await anonymous.post("/api/v1/signup", json=body, headers=headers)
    if answer.status_code != httpx.codes.CREATED:
        raise ConsoleError(f"sign-up of {label}: {answer.status_code} {answer.text}")
    made = answer.json()
    logged_in = {"Host": made["portal"]["host"], "Authorization": f"Bearer {made['token']}"}
    return Company(
        id=int(made["portal"]["id"]),
        label=label,
        home_dc=made["portal"]["home_dc"],
        token=made["token"],
        client=httpx.AsyncClient(
            base_url=url, headers=logged_in, timeout=TIMEOUT, follow_redirects=True
        ),
    )


def sha256_of(pattern: bytes, size: int) -> str:
    """Checksum of what ``upload`` sends."""
    digest = hashlib.sha256()
    for start in range(0, size, CHUNK):
        digest.update(_chunk(pattern, min(CHUNK, size - start)))
    return digest.hexdigest()


async def _bytes(pattern: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, CHUNK):
        yield _chunk(pattern, min(CHUNK, size - start))


def _chunk(pattern: bytes, size: int) -> bytes:
    return (pattern * (size // len(pattern) + 1))[:size]
