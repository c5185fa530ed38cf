"""Leads with titles that occur once: created, and read by who was told that they are there."""

import random
import time
from collections import deque
from collections.abc import Sequence

from laboratory.checker import CREATE, READ
from laboratory.door import Door, Portal
from laboratory.history import History, Outcome

LEADS = "/api/v1/crm/leads"
REMEMBERED = 200  # the acknowledged leads of a portal that are read again
READS_OF_TEN = 3


class Leads:
    """Arrivals: mostly creations, some reads of what was acknowledged before."""

    def __init__(self, door: Door, portals: Sequence[Portal], history: History, seed: int) -> None:
        self._door = door
        self._portals = portals
        self._history = history
        self._chance = random.Random(seed)  # noqa: S311  # no secret
        self._run = f"{time.time_ns():x}"  # unlike those of an earlier run on the same data
        self._known: dict[int, deque[tuple[int, str]]] = {
            p.id: deque(maxlen=REMEMBERED) for p in portals
        }

    def is_ours(self, title: str) -> bool:
        """Whether this run made the title."""
        return title.startswith(f"{self._run}-")

    async def step(self, client: int, due: float) -> None:
        """Create a lead, or read one that somebody was told of."""
        portal = self._chance.choice(self._portals)
        known = self._known[portal.id]
        if known and self._chance.randrange(10) < READS_OF_TEN:
            await self._read(client, due, portal, *self._chance.choice(known))
        else:
            await self._create(client, due, portal)

    async def _create(self, client: int, due: float, portal: Portal) -> None:
        title = f"{self._run}-{client}"
        operation = self._history.invoke(client, CREATE, str(portal.id), title, due)
        answer = await self._door.ask(portal, "POST", LEADS, json={"title": title}, key=title)
        made = answer.body["id"] if answer.outcome is Outcome.OK else None
        self._history.end(operation, answer.outcome, made, answer.code)
        if made is not None:
            self._known[portal.id].append((made, title))

    async def _read(self, client: int, due: float, portal: Portal, lead: int, title: str) -> None:
        operation = self._history.invoke(client, READ, str(portal.id), title, due)
        answer = await self._door.ask(portal, "GET", f"{LEADS}/{lead}")
        if answer.status == 404:
            self._history.end(operation, Outcome.OK, answer=False)  # it was told: it is not there
            return
        found = answer.outcome is Outcome.OK and answer.body["title"] == title
        self._history.end(operation, answer.outcome, found, answer.code)
