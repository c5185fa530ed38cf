"""The operator's command, as somebody types it."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from kernel.settings import SETTINGS_VARIABLE
from laboratory.errors import LaboratoryError

PORTICO = Path(sys.executable).with_name("portico")
SECONDS = 300.0
WIDE = {"COLUMNS": "1000", "TERMINAL_WIDTH": "1000"}  # nothing is wrapped


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    words: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody at a terminal of the installation that a file describes."""

    settings: Path

    async def portico(self, *words: str) -> Said:
        """Type a command and wait for its end."""
        process = await asyncio.create_subprocess_exec(
            str(PORTICO),
            *words,
            env={**os.environ, **WIDE, SETTINGS_VARIABLE: str(self.settings)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(SECONDS):
                said, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise LaboratoryError(f"`portico {' '.join(words)}` does not end") from None
        return Said(process.returncode or 0, said.decode())
