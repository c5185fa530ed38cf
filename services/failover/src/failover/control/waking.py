"""Loops that sleep a little, or until something happens."""

import asyncio


class Wake:
    """An alarm clock for one loop: ``ring`` ends its sleep, or prevents the next one."""

    def __init__(self) -> None:
        self._rang = asyncio.Event()

    def ring(self) -> None:
        """There is news."""
        self._rang.set()

    async def sleep(self, seconds: float) -> None:
        """Return when rung, after so many seconds at the latest."""
        try:
            async with asyncio.timeout(seconds):
                await self._rang.wait()
        except TimeoutError:
            pass
        self._rang.clear()
