"""A request body that can be read again, as long as it is small."""

import asyncio

from starlette.types import Message, Receive


class Kept:
    """What was read of a body, up to ``limit`` bytes; ``whole`` tells whether that is all of it."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.whole = True
        self.size = 0
        self._receive = receive
        self._limit = limit
        self._messages: list[Message] = []

    def replay(self) -> Receive:
        """Return a fresh reader: first what was kept, then what still comes."""
        seen = iter(list(self._messages)) if self.whole else iter(())
        lock = asyncio.Lock()

        async def receive() -> Message:
            async with lock:
                for message in seen:
                    return message
                return await self._next()

        return receive

    async def _next(self) -> Message:
        message = await self._receive()
        if self.whole and message["type"] == "http.request":
            self.size += len(message.get("body", b""))
            if self.size <= self._limit:
                self._messages.append(message)
            else:
                self.whole = False
                self._messages.clear()
        return message
