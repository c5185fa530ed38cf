"""A timeout that insists: it cancels again and again until the block has ended.

Until Python 3.12 ``asyncio.wait_for`` swallows a cancellation that comes just when what it waits for is done
(CPython issue 86296), and the driver connects with it. Of many who wait for one lock until the same moment,
one then went on waiting for a server that never greets, and held the lock meanwhile.
"""

import asyncio
from types import TracebackType
from typing import Self

AGAIN_SECONDS = 0.1


class insistent_timeout:  # noqa: N801  # used like ``asyncio.timeout``
    """Raise ``TimeoutError`` unless the block ends within ``seconds``; what it returned in time stands."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._cancels = 0

    async def __aenter__(self) -> Self:
        """Let the time run."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # of a coroutine there is one
        self._task, self._before = task, task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_later(self._seconds, self._cancel)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Take back our cancellations; one from outside is passed on."""
        self._handle.cancel()
        for _ in range(self._cancels):
            self._task.uncancel()
        is_ours = self._cancels > 0 and self._task.cancelling() <= self._before
        if is_ours and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _cancel(self) -> None:
        self._cancels += 1
        self._task.cancel()
        self._handle = self._loop.call_later(AGAIN_SECONDS, self._cancel)
