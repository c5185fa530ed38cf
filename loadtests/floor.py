"""The floor: bare FastAPI and the very same statements on asyncmy, nothing else.

``python -m loadtests.floor PORT PORTAL TERM EPOCH USER`` serves it at the address of the portal's home.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncmy
import orjson
from fastapi import FastAPI, Request, Response

from db import fence, journal
from kernel import secrets
from kernel.settings import Settings, load
from portal.modules.crm.domain.listing import LeadOrder
from portal.modules.crm.repository import leads, listing
from web import server

CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where and as what the floor writes."""

    settings: Settings
    site: str
    port: int
    portal: int
    user: int
    fence: tuple[str, int, str, int]


def create_app(place: Place) -> FastAPI:
    """Return the floor."""
    pool: Any = None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        pool = await asyncmy.create_pool(
            host=place.settings.site(place.site).address,
            port=place.settings.ports.mariadb,
            user="portico_app",
            password=secrets.load(place.settings.secrets_dir, "portal")["db_password"],
            db="portico",
            charset="utf8mb4",
            minsize=CONNECTIONS,
            maxsize=CONNECTIONS,
            stmt_cache_size=256,  # as ours
            autocommit=True,
        )
        yield
        pool.terminate()
        await pool.wait_closed()

    app = FastAPI(lifespan=lifespan)
    find, add = leads._FIND, leads._ADD  # noqa: SLF001  # the very statements that ours runs
    newest = listing._listing(frozenset(), (), LeadOrder("-id"), "at the beginning")  # noqa: SLF001

    @app.get("/leads/{lead}")
    async def read(lead: int) -> Response:
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute(
                find.sql, find.arguments({"portal_id": place.portal, "lead": lead})
            )
            return _json(await cursor.fetchone())

    @app.get("/leads")
    async def newest_50() -> Response:
        values = {"portal_id": place.portal, "limit": 51}
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute(newest.sql, newest.arguments(values))
            return _json(await cursor.fetchall())

    @app.post("/leads")
    async def create(request: Request) -> Response:
        title = orjson.loads(await request.body())["title"]
        now = datetime.now(tz=UTC)
        row = _row(place, title, now)
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await connection.begin()
            await cursor.execute(fence.CHECK, place.fence)
            await cursor.fetchone()
            await cursor.execute(add.sql, add.arguments(row))
            made = cursor.lastrowid
            fact = {
                "portal_id": place.portal,
                "entity": "lead",
                "entity_id": made,
                "verb": "created",
            }
            fact |= {"actor": place.user, "at": now, "payload": "{}"}
            await cursor.execute(journal.APPEND.sql, journal.APPEND.arguments(fact))
            await connection.commit()
        return _json({"id": made, "title": title})

    return app


def _row(place: Place, title: str, now: datetime) -> dict[str, Any]:
    empty = ("first_name", "last_name", "middle_name", "company_title", "position", "comment")
    nothing = (
        *("source", "amount", "external_id", "fingerprint", "originator_id", "origin_id"),
        *("extras", "custom", "closed_at"),
    )
    return {
        **dict.fromkeys(empty, ""),
        **dict.fromkeys(nothing),
        "portal_id": place.portal,
        "title": title,
        "status": "NEW",
        "currency": "RUB",
        "responsible_id": place.user,
        "is_public": True,
        "communications": "[[],[]]",
        "version": 1,
        **dict.fromkeys(("created_at", "updated_at", "moved_at"), now),
        **dict.fromkeys(("created_by", "updated_by", "moved_by"), place.user),
    }


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, default=str), media_type="application/json")


def main() -> None:
    """Serve at the address of the portal's home datacentre."""
    settings = load()
    site = sys.argv[1]
    port, portal, term, epoch, user = (int(a) for a in sys.argv[2:7])
    names = f"pair/{settings.pairs[0].id}/{site}", f"portal/{portal}"
    place = Place(settings, site, port, portal, user, (names[0], term, names[1], epoch))
    server.run(create_app(place), settings.site(site).address, port)


if __name__ == "__main__":
    main()
