"""A public client as a process of its own, in an environment of its own: orders in, answers out."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kernel.settings import Settings

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".tools" / "clients" / "bin" / "python"
SECONDS = 600.0
LONGEST_ANSWER_BYTES = 64 << 20


class ClientError(Exception):
    """What the client raised: the name of its error, and its words."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client returned, and what it warned of."""

    result: Any
    warnings: Sequence[str]


class Driver:
    """One client at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def started(
        cls, settings: Settings, command: Sequence[str | Path], first_line: str
    ) -> AsyncIterator[Self]:
        """Lend a client; ``first_line`` has its webhook, which does not belong among the arguments."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment(settings),
            cwd=HERE / "js",
            limit=LONGEST_ANSWER_BYTES,
        )
        driver = cls(process)
        try:
            await driver._tell(first_line)
            yield driver
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def answer(self, order: Mapping[str, Any]) -> Answer:
        """Give an order and wait; raise ``ClientError`` if the client raised."""
        assert self._process.stdout is not None
        async with asyncio.timeout(SECONDS):
            await self._tell(json.dumps(order))
            line = await self._process.stdout.readline()
        assert line, "the client has ended"
        told = json.loads(line)
        if "error" in told:
            raise ClientError(told["error"], told["text"])
        return Answer(told["result"], told.get("warnings", ()))

    async def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()


def environment(settings: Settings) -> dict[str, str]:
    """Return what clients see of this machine: our names, our authority, no proxies."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return inherited | {
        "LANG": "C.UTF-8",
        "PORTICO_NAMES": f"{settings.base_domain}={settings.door.address}",
        "PORTICO_HTTPS_PORT": str(settings.door.https),
        "PYTHONPATH": str(HERE / "names"),
        "REQUESTS_CA_BUNDLE": str(settings.authority_file),
        "NODE_EXTRA_CA_CERTS": str(settings.authority_file),
        "NODE_OPTIONS": f"--require={HERE / 'js' / 'names.cjs'}",
    }
