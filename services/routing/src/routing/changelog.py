"""The last changes, kept for those who come back, and passed on to those who listen.

Everything is bounded: so many changes kept, so many subscribers, so many lines waiting for each. One who
reads too slowly is cut off; coming back, it gets what it missed or the word to read all again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from prometheus_client import Counter, Gauge

from kernel.errors import UnavailableError

KEPT_CHANGES = 10_000
WAITING_LINES = 1000
SUBSCRIBERS = 1000

SUBSCRIBED = Gauge("routing_subscribers", "Open change streams.")
CUT_OFF = Counter("routing_subscribers_cut_off_total", "Streams ended for being read too slowly.")


class Subscriber:
    """One open stream: what was missed, then lines that wait. ``None`` among them is the end."""

    def __init__(self, missed: Sequence[bytes]) -> None:
        self._missed = missed
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_LINES)

    def offer(self, line: bytes) -> bool:
        """Add a line; ``False`` if too many wait already, and then the stream is at its end."""
        if self._waiting.full():
            self.end()
            return False
        self._waiting.put_nowait(line)
        return True

    def end(self) -> None:
        """End the stream; what still waits is dropped, the reader will ask for it again."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield lines as they come, as many at once as there are."""
        lines: list[bytes | None] = [*self._missed]
        self._missed = ()
        while None not in lines:
            if lines:
                yield b"".join(line for line in lines if line is not None)
            lines = [await self._waiting.get()]
            while not self._waiting.empty():
                lines.append(self._waiting.get_nowait())


class ChangeLog:
    """Changes in the order of their revisions, each one line of JSON with its line end."""

    def __init__(self) -> None:
        self._changes: deque[tuple[int, bytes]] = deque()
        self._complete_from = 0
        self._subscribers: set[Subscriber] = set()
        self._closed = False

    @property
    def newest(self) -> int:
        """The revision of the last change that was heard of."""
        return self._changes[-1][0] if self._changes else self._complete_from

    def restart(self, revision: int) -> None:
        """Forget the past: nobody can go on from before ``revision``."""
        self._changes.clear()
        self._complete_from = revision
        self.end()

    def append(self, revision: int, line: bytes) -> None:
        """Keep a change, and pass it on."""
        if len(self._changes) == KEPT_CHANGES:
            dropped, _ = self._changes.popleft()
            self._complete_from = dropped + 1
        self._changes.append((revision, line))
        self.tell(line)

    def tell(self, line: bytes) -> None:
        """Pass a line on without keeping it."""
        for subscriber in tuple(self._subscribers):
            if not subscriber.offer(line):
                CUT_OFF.inc()
                self.unsubscribe(subscriber)

    def subscribe(self, revision: int) -> Subscriber | None:
        """Start a stream with the changes from ``revision`` on; ``None`` if they are not all kept."""
        if self._closed:
            raise UnavailableError
        if revision < self._complete_from:
            return None
        if len(self._subscribers) >= SUBSCRIBERS:
            raise UnavailableError
        subscriber = Subscriber([line for at, line in self._changes if at >= revision])
        self._subscribers.add(subscriber)
        SUBSCRIBED.set(len(self._subscribers))
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a stream."""
        self._subscribers.discard(subscriber)
        SUBSCRIBED.set(len(self._subscribers))

    def close(self) -> None:
        """End every stream and start none: one whose stream ended comes back at once."""
        self._closed = True
        self.end()

    def end(self) -> None:
        """End every stream."""
        for subscriber in tuple(self._subscribers):
            subscriber.end()
            self.unsubscribe(subscriber)
