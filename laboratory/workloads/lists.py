"""Lists that grow: tokens appended to a lead's comment, guarded by its ETag, and looked at by all.

Each client appends to a list of its own and looks at the lists of others, so that a refused ETag means
that one of its own unknown appends was done after all.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from laboratory.checker import APPEND, LOOK
from laboratory.door import Answer, Door, Portal
from laboratory.history import History, Outcome
from laboratory.workloads.leads import LEADS

LONGEST = 900  # tokens; a comment holds 10,000 signs
LOOK_EACH = 3  # steps


@dataclass(slots=True)
class _List:
    """One list, and what its client believes of it; no ``etag``: read it first."""

    portal: Portal
    lead: int
    key: str
    etag: str | None = None
    tokens: list[str] = field(default_factory=list)


class Lists:
    """People: each with a list of his own, one operation after the other."""

    def __init__(self, door: Door, portals: Sequence[Portal], history: History) -> None:
        self._door = door
        self._portals = portals
        self._history = history
        self._of: dict[int, _List] = {}
        self._numbers = itertools.count(1)
        self._steps = itertools.count()
        self.places: dict[str, tuple[int, int]] = {}
        """List -> portal and lead, for whoever reads them in the end."""

    async def step(self, client: int, due: float) -> None:
        """Append to the own list, or look at somebody's."""
        own = self._of.get(client)
        if own is None or len(own.tokens) >= LONGEST:
            await self._begin(client)
        elif own.etag is None or next(self._steps) % LOOK_EACH == 0:
            await self._look(client, due, own if own.etag is None else self._others(client))
        else:
            await self._append(client, due, own)

    def _others(self, client: int) -> _List:
        everybody = sorted(self._of)
        return self._of[everybody[(everybody.index(client) + 1) % len(everybody)]]

    async def _begin(self, client: int) -> None:
        """Make a lead to write in; until one is there, nothing is noted."""
        portal = self._portals[client % len(self._portals)]
        title = f"list of {client}"
        answer = await self._door.ask(portal, "POST", LEADS, json={"title": title})
        if answer.outcome is Outcome.OK:
            lead = answer.body["id"]
            key = f"{portal.id}/{lead}"
            self._of[client] = _List(portal, lead, key, answer.headers["ETag"])
            self.places[key] = (portal.id, lead)

    async def _append(self, client: int, due: float, own: _List) -> None:
        token = f"t{next(self._numbers)}"
        operation = self._history.invoke(client, APPEND, own.key, token, due)
        wanted = {"comment": " ".join([*own.tokens, token])}
        path = f"{LEADS}/{own.lead}"
        answer = await self._door.ask(own.portal, "PATCH", path, json=wanted, if_match=own.etag)
        self._history.end(operation, answer.outcome, None, answer.code)
        if answer.outcome is Outcome.OK:
            own.tokens.append(token)
            own.etag = answer.headers["ETag"]
        elif answer.outcome is Outcome.UNKNOWN or answer.status == 412:
            own.etag = None

    async def _look(self, client: int, due: float, wanted: _List) -> None:
        operation = self._history.invoke(client, LOOK, wanted.key, None, due)
        answer = await self._door.ask(wanted.portal, "GET", f"{LEADS}/{wanted.lead}")
        seen = _tokens(answer)
        self._history.end(operation, answer.outcome, seen, answer.code)
        if wanted is self._of[client] and answer.outcome is Outcome.OK:
            wanted.tokens, wanted.etag = list(seen), answer.headers["ETag"]


def _tokens(answer: Answer) -> list[str]:
    return str(answer.body["comment"]).split() if answer.outcome is Outcome.OK else []
