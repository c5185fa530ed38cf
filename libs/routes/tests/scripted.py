"""A routing service that says what a test wants: behind, mistaken, silent. The real one is none of these."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from routes import PairRecord, PortalRecord, RouteTable

Json = dict[str, Any]


class Scripted:
    """Answers from ``table``; ``say`` puts a line on every open stream."""

    def __init__(self, table: RouteTable) -> None:
        self.table = table
        self.url = ""
        self.snapshots = self.asked = 0
        self.opened = asyncio.Event()
        self.resync_next = False
        self.stale_seconds = 0.0
        self.mistaken = ""
        self.confirmed: dict[str, int] = {}
        self.takes_confirmations = True
        self.slow: asyncio.Event | None = None
        self.newest: int | None = 0
        self._streams: set[web.StreamResponse] = set()

    async def say(self, line: Json) -> None:
        for stream in tuple(self._streams):
            with suppress(ConnectionResetError):  # the map may have left already
                await stream.write(json.dumps(line).encode() + b"\n")

    async def beat(self, **instead: Any) -> None:
        await self.say(self._heartbeat() | instead)

    async def portal(self, record: PortalRecord) -> None:
        await self.say({"type": "portal", "value": record.to_json()})

    async def pair(self, record: PairRecord) -> None:
        await self.say({"type": "pair", "value": record.to_json()})

    async def hang_up(self) -> None:
        for stream in tuple(self._streams):
            assert stream.task is not None
            stream.task.cancel()

    async def routes(self, request: web.Request) -> web.Response:
        self.snapshots += 1
        table = self.table
        page = {
            "history": table.history,
            "revision": table.revision,
            "pairs": [pair.to_json() for pair in table.pairs],
            "portals": [record.to_json() for record in table.portals],
            "next": None,
        }
        return web.json_response(page)

    async def host(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.slow:
            await self.slow.wait()
        route = self.table.find(request.match_info["label"])
        if route is None:
            return web.json_response({"code": "host-unknown"}, status=404)
        return web.json_response(route.to_json())

    async def confirm(self, request: web.Request) -> web.Response:
        if not self.takes_confirmations:
            return web.Response(status=503)
        node = request.match_info["node"]
        if request.method == "PUT":
            self.confirmed[node] = (await request.json())["revision"]
            if self.newest is None:
                return web.Response(status=204)
            return web.json_response({"newest": self.newest})
        del self.confirmed[node]
        return web.Response(status=204)

    async def watch(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        if self.resync_next:
            self.resync_next = False
            await stream.write(b'{"type":"resync"}\n')
            return stream
        await stream.write(json.dumps(self._heartbeat()).encode() + b"\n")
        self._streams.add(stream)
        self.opened.set()
        try:
            await asyncio.sleep(3600)
        finally:
            self._streams.discard(stream)
        return stream

    def _heartbeat(self) -> Json:
        return {
            "type": "heartbeat",
            "revision": self.table.revision,
            "checksum": self.mistaken or self.table.checksum,
            "stale_seconds": self.stale_seconds,
        }


@asynccontextmanager
async def serving(table: RouteTable) -> AsyncIterator[Scripted]:
    scripted = Scripted(table)
    app = web.Application()
    app.router.add_get("/v1/routes", scripted.routes)
    app.router.add_get("/v1/watch", scripted.watch)
    app.router.add_route("*", "/v1/nodes/{node:.+}", scripted.confirm)
    app.router.add_get("/v1/hosts/{label}", scripted.host)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    scripted.url = f"http://{host}:{port}"
    try:
        yield scripted
    finally:
        await runner.cleanup()
