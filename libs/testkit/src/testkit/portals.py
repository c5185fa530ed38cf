"""Portals for tests: signed up through the front door, used over HTTP like anybody would."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from kernel.settings import Settings
from routes import Route, RouteMap

SIGNUP = "/api/v1/signup"
PASSWORD = "correct horse battery"  # noqa: S105  # of portals that live as long as a test
TIMEOUT = httpx.Timeout(30, connect=5)
HEARD_OF_SECONDS = 20.0
REPEATED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class TestPortal:
    """A portal and a client that is logged in as its administrator."""

    __test__ = False  # pytest: a fixture's value, not a test class

    id: int
    label: str
    host: str
    home_dc: str
    email: str
    user_id: int
    token: str = field(repr=False)
    client: httpx.AsyncClient = field(repr=False)

    def at(self, url: str, token: str | None = None) -> httpx.AsyncClient:
        """Return a client of one's own at another address, say one web node's; close it."""
        return client_of(url, self.host, self.token if token is None else token)


SignUp = Callable[..., Awaitable[TestPortal]]


def client_of(url: str, host: str, token: str = "") -> httpx.AsyncClient:
    """Return a client that asks ``url`` for the portal ``host``."""
    headers = {"Host": host} | ({"Authorization": f"Bearer {token}"} if token else {})
    # large files come from the object store, as they do for a browser
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT, follow_redirects=True)


def door_url(settings: Settings) -> str:
    """Address of the front door."""
    return f"http://{settings.door.address}:{settings.door.http}"


def node_urls(settings: Settings, site: str) -> list[str]:
    """Addresses of the web nodes of a datacentre, past its balancer."""
    place = settings.site(site)
    ports = range(settings.ports.portal, settings.ports.portal + place.web_nodes)
    return [f"http://{place.address}:{port}" for port in ports]


def new_label() -> str:
    """A host label nobody has."""
    return f"t{secrets.token_hex(6)}"


async def route_of(portal: TestPortal, routes: RouteMap) -> Route:
    """Return where the portal lives, as soon as the map has heard of it."""
    async with asyncio.timeout(HEARD_OF_SECONDS):
        while (route := routes.find(portal.label)) is None:
            await asyncio.sleep(0.02)
    return route


async def sign_up(settings: Settings, **fields: Any) -> TestPortal:
    """Sign up a portal, as a careful client does; ``fields`` replace those of the request."""
    label = fields.get("host", new_label())
    body = {
        "company": f"Company {label}",
        "host": label,
        "email": f"admin@{label}.example",
        "password": PASSWORD,
        **fields,
    }
    async with client_of(door_url(settings), settings.base_domain) as anonymous:
        answer = await post_sign_up(anonymous, body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    host, token = made["portal"]["host"], made["token"]
    return TestPortal(
        id=int(made["portal"]["id"]),
        label=label,
        host=host,
        home_dc=made["portal"]["home_dc"],
        email=body["email"],
        user_id=made["user"]["id"],
        token=token,
        client=client_of(door_url(settings), host, token),
    )


async def post_sign_up(client: httpx.AsyncClient, body: Any) -> httpx.Response:
    """Ask under a key: what a busy machine did not finish is asked again, and done once."""
    key = {"Idempotency-Key": secrets.token_hex(16)}
    return await until_available(lambda: client.post(SIGNUP, json=body, headers=key))


async def until_available(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Ask, and ask again as long as the answer is 503: for what may be repeated."""
    deadline = time.monotonic() + REPEATED_SECONDS
    while True:
        answer = await ask()
        is_over = time.monotonic() > deadline
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or is_over:
            return answer
        await asyncio.sleep(1)


@pytest.fixture(scope="session")
async def new_portal(settings: Settings) -> AsyncIterator[SignUp]:
    """Makes portals: each call signs one up, with the fields it is given."""
    async with AsyncExitStack() as stack:

        async def make(**fields: Any) -> TestPortal:
            return await _kept(stack, await sign_up(settings, **fields))

        yield make


@pytest.fixture(scope="session")
async def acme(new_portal: SignUp) -> TestPortal:
    """A portal that all tests share: do not count its rows, and leave its users be."""
    return await new_portal(region="ru", locale="ru", company="Акме")


@pytest.fixture(scope="session")
async def beta(new_portal: SignUp) -> TestPortal:
    """Another one, at home in the other datacentre (if there is one)."""
    return await new_portal(region="eu", locale="de", company="Beta GmbH")


async def _kept(stack: AsyncExitStack, made: TestPortal) -> TestPortal:
    await stack.enter_async_context(made.client)
    return made
