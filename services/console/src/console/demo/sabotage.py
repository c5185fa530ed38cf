"""The harm done to the cluster during the demo, and looks behind its front door."""

import asyncio
import os
import signal
import socket
from collections.abc import Sequence
from typing import Any

import pymysql

from console import processes, supervisor
from console.errors import ConsoleError
from console.installation import Installation
from console.processes import Process
from kernel import secrets

SQL_SECONDS = 5
FLUSH_SECONDS = 2
UP_WITHIN_SECONDS = 30
DOWN_WITHIN_SECONDS = 30


class Saboteur:
    """Somebody with a shell on the machine."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def kill(self, dc: str, name: str) -> int:
        """``kill -9`` one process; return its pid. The supervisor starts another."""
        process = await self._find(dc, name)
        if process.pid is None:
            raise ConsoleError(f"{name} of {dc} does not run, so it cannot be killed")
        os.kill(process.pid, signal.SIGKILL)
        return process.pid

    async def kill_site(self, dc: str) -> None:
        """``kill -9`` everything in a datacentre, and let nothing come back."""
        async with asyncio.timeout(DOWN_WITHIN_SECONDS):
            # the supervisor may be about to start what has died: until it lets all of them rest
            while not await self._rests(dc):  # no event tells
                await self._group("supervisor.signalProcessGroup", dc, "KILL")
                await self._group("supervisor.stopProcessGroup", dc, False)
                await asyncio.sleep(0.1)

    async def start_site(self, dc: str) -> None:
        """Start everything in a datacentre again."""
        await self._group("supervisor.startProcessGroup", dc, False)

    async def stop(self, name: str) -> None:
        """Stop the processes of this name everywhere; return when the last has drained and ended."""
        await self._everywhere("supervisor.stopProcess", name)
        async with asyncio.timeout(DOWN_WITHIN_SECONDS):
            while any(p.pid for p in await self._all() if p.name == name):  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0.1)

    async def start(self, name: str) -> None:
        """Start them again."""
        await self._everywhere("supervisor.startProcess", name)

    async def wait_healthy(self) -> bool:
        """Wait until every process is well; ``False`` if that takes too long."""
        try:
            async with asyncio.timeout(UP_WITHIN_SECONDS):
                while not all(p.healthy for p in await self._all()):  # noqa: ASYNC110  # no event tells
                    await asyncio.sleep(0.3)
        except TimeoutError:
            return False
        return True

    def flush_caches(self) -> int:
        """Empty every memcached; return how many."""
        settings = self._installation.settings
        for site in settings.datacentres:
            address = (site.address, settings.ports.memcached)
            with socket.create_connection(address, FLUSH_SECONDS) as connection:
                connection.sendall(b"flush_all\r\n")
                connection.recv(64)
        return len(settings.datacentres)

    def query(self, site: str, statement: str, *arguments: object) -> Sequence[tuple[Any, ...]]:
        """Ask the database of a datacentre."""
        settings = self._installation.settings
        password = secrets.load(settings.secrets_dir, "portal")["db_password"]
        connection = pymysql.connect(
            host=settings.site(site).address,
            port=settings.ports.mariadb,
            user="portico_app",
            password=password,
            database="portico",
            connect_timeout=SQL_SECONDS,
            read_timeout=SQL_SECONDS,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return list(cursor.fetchall())

    async def _everywhere(self, method: str, name: str) -> None:
        for process in await self._all():
            if process.name == name:
                full_name = f"{process.dc}:{name}"
                # without waiting: whoever drains may take longer than one call
                await asyncio.to_thread(
                    supervisor.call, self._installation, method, full_name, False
                )

    async def _group(self, method: str, dc: str, argument: str | bool) -> None:  # noqa: FBT001  # as XML-RPC has it
        await asyncio.to_thread(supervisor.call, self._installation, method, dc, argument)

    async def _rests(self, dc: str) -> bool:
        found = await asyncio.to_thread(supervisor.read, self._installation)
        return all(p.state == "STOPPED" for p in found.values() if p.dc == dc)

    async def _find(self, dc: str, name: str) -> Process:
        found = [p for p in await self._all() if (p.dc, p.name) == (dc, name)]
        if not found:
            raise ConsoleError(f"there is no {name} in {dc}")
        return found[0]

    async def _all(self) -> list[Process]:
        return await asyncio.to_thread(processes.read, self._installation)
