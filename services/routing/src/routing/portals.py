"""Portals and pairs in etcd: who owns what, changed only by compare-and-set."""

import secrets
from dataclasses import dataclass
from typing import Any, Self

from etcd import Delete, Span, unchanged
from etcd.documents import Document
from kernel.ids import PairId, PortalId
from routes import PairRecord, PortalRecord, Route
from routing import keys
from routing.domain import PairChange, PortalChange, PortalState, changed_pair, changed_portal
from routing.errors import (
    PairUnknownError,
    PortalSwitchingError,
    PortalUnknownError,
    RevisionMovedError,
)
from routing.store import Store


@dataclass(frozen=True, slots=True)
class PlacedPortal:
    """A portal with the pair that it lies in; ``created_at`` is not kept in memory."""

    portal: PortalRecord
    pair: PairRecord
    created_at: str | None = None

    @classmethod
    def read(cls, portal: Document, pair: Document) -> Self:
        """Read both documents."""
        return cls(
            portal=PortalRecord.from_json(portal.content, portal.revision),
            pair=PairRecord.from_json(pair.content, pair.revision),
            created_at=portal.content.get("created_at"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the wire form: the route, and the revision that guards changes of the portal."""
        route = Route.of(self.portal, self.pair).to_json()
        known_since = {} if self.created_at is None else {"created_at": self.created_at}
        return {**route, "revision": self.portal.revision, **known_since}


class Portals:
    """What is written of portals and pairs, now."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find_by_host(self, host: str) -> PlacedPortal | None:
        """Return the portal that has the host; one that is only claimed is none yet."""
        holder = await self._store.find(keys.host_key(host))
        if holder is None or holder.content["state"] != PortalState.ACTIVE:
            return None
        return await self.find(PortalId(int(holder.content["portal"])))

    async def find(self, portal: PortalId) -> PlacedPortal | None:
        """Return a portal, or ``None``."""
        document = await self._store.find(keys.portal_key(portal))
        if document is None:
            return None
        return PlacedPortal.read(document, await self._get_pair(PairId(document.content["pair"])))

    async def change(self, portal: PortalId, revision: int, change: PortalChange) -> PlacedPortal:
        """Change the portal, if nobody did since ``revision``."""
        document = await self._get_settled(portal)
        pair = await self._get_pair(PairId(document.content["pair"]))
        known = PlacedPortal.read(document, pair)
        if document.revision != revision:
            raise RevisionMovedError(current=known.to_json())
        content = {**document.content, **changed_portal(known.portal, known.pair, change)}
        written = await self._store.replace(document, content)
        if written is None:
            raise await self._moved(portal)
        return PlacedPortal.read(written, pair)

    async def delete(self, portal: PortalId) -> None:
        """Remove the portal, its host and its claim."""
        document = await self._get_settled(portal)
        gone = (
            keys.portal_key(portal),
            keys.host_key(document.content["host"]),
            keys.claim_key(portal),
        )
        result = await self._store.txn(
            [unchanged(document.key, document.revision)], [Delete(Span(key)) for key in gone]
        )
        if not result.succeeded:
            raise await self._moved(portal)

    async def get_pair(self, pair: PairId) -> PairRecord:
        """Return a pair."""
        document = await self._get_pair(pair)
        return PairRecord.from_json(document.content, document.revision)

    async def change_pair(self, pair: PairId, revision: int, change: PairChange) -> PairRecord:
        """Change the pair, and with it the owner of all its portals, if nobody did since."""
        document = await self._get_pair(pair)
        known = PairRecord.from_json(document.content, document.revision)
        if document.revision != revision:
            raise RevisionMovedError(current=known.to_json())
        content = {**document.content, **changed_pair(known, change)}
        written = await self._store.replace(document, content)
        if written is None:
            raise RevisionMovedError(current=(await self.get_pair(pair)).to_json())
        return PairRecord.from_json(written.content, written.revision)

    async def _get_settled(self, portal: PortalId) -> Document:
        """Return a portal that nobody moves at the moment.

        The mark of a switch is written together with the portal, so whoever compares the portal's
        revision, as read before, has not overlooked one.
        """
        document = await self._store.find(keys.portal_key(portal))
        if document is None:
            raise PortalUnknownError(portal=str(portal))
        if await self._store.find(keys.moving_key(portal)) is not None:
            raise PortalSwitchingError
        return document

    async def history(self) -> str:
        """Return the identity of this etcd's history, made when etcd is empty.

        Revisions count from one again in an etcd that was made anew or restored: who holds routes of
        another history must not compare them.
        """
        document = await self._store.find(keys.HISTORY)
        if document is None:
            await self._store.create(keys.HISTORY, {"id": secrets.token_hex(8)})
            return await self.history()
        return str(document.content["id"])

    async def _get_pair(self, pair: PairId) -> Document:
        document = await self._store.find(keys.pair_key(pair))
        if document is None:
            raise PairUnknownError(pair=pair)
        return document

    async def _moved(self, portal: PortalId) -> RevisionMovedError:
        placed = await self.find(portal)
        return RevisionMovedError(current=None if placed is None else placed.to_json())
