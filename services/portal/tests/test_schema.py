"""The migrated schema is the declared one."""

import asyncio
import sys

from kernel.settings import Settings

DEADLINE_SECONDS = 60


async def test_the_migrations_make_exactly_the_declared_tables(settings: Settings) -> None:
    """In a process of its own, where no test has declared tables besides."""
    assert settings.pairs
    check = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "portal.migrate", "check"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        output, _ = await check.communicate()
    assert check.returncode == 0, output.decode()[-2000:]
