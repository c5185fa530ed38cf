"""Our hold on one claim: as long as each save finds the claim as we left it, nobody else works on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kernel.sealing import Sealer
from signup.directory import Claim, Directory
from signup.saga import EPOCH, Saga

# Others take a claim over that was not touched for this long (`recovery`) ...
UNTOUCHED_SECONDS = 10.0
# ... so nothing is begun or still under way that long after our last save.
SECONDS = 8.0


class Hold:
    """A claim and its saga, changed by us alone; ``ClaimLostError`` means: stop, it is another's now."""

    def __init__(
        self, directory: Directory, sealer: Sealer, claim: Claim, saga: Saga, *, since: float
    ) -> None:
        """Take a claim that was written after the instant ``since`` of the loop's clock."""
        self.saga = saga
        self._directory = directory
        self._sealer = sealer
        self._claim = claim
        self._saved_at = since

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Run the block only as long as the claim is certainly ours; ``TimeoutError`` past that.

        A process that was stopped for a while must not carry on where it stood: the first look at the
        clock is ours, since a timer alone fires only after the block has already begun.
        """
        ends_at = self._saved_at + SECONDS
        if now() >= ends_at:
            raise TimeoutError
        async with asyncio.timeout_at(ends_at):
            yield

    async def save(self, saga: Saga) -> None:
        """Write the saga ahead of what is done next."""
        saga, asked_at = saga.saved_once_more(), now()
        self._claim = await self._directory.save(self._claim, saga.document(self._sealer))
        self.saga, self._saved_at = saga, asked_at

    async def publish(self, saga: Saga) -> None:
        """Show the portal to the world; what the saga holds of secrets ends with this."""
        route = {"pair": saga.pair, "home": saga.home, "epoch": EPOCH, "state": "active"}
        await self._directory.publish(
            self._claim, route, saga.epitaph(), pair_revision=saga.served.revision
        )

    async def release(self) -> None:
        """Give the host name back."""
        await self._directory.release(self._claim)


def now() -> float:
    """Return the instant of the loop's clock, which nobody can set."""
    return asyncio.get_running_loop().time()
