"""Claims of host names in etcd: taken, saved, published, released, each in one transaction.

Host, claim and portal of one name change together or not at all. So a claimed host always has its
claim, an active host its portal, and a sign-up that died half-way can be found and undone.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from etcd import Delete, Get, Page, Put, Span, absent, unchanged
from etcd.documents import Document
from kernel.ids import PairId, PortalId
from routing import keys
from routing.domain import Claim, ClaimState, Json, PortalState
from routing.errors import (
    ClaimPublishedError,
    ClaimUnknownError,
    HostTakenError,
    PairMovedError,
    PortalTakenError,
    RevisionMovedError,
)
from routing.store import Store

SCAN_KEYS = 500
SCAN_PAGES = 10  # what one listing reads at most; its cursor tells where to go on


class Claims:
    """The verbs of a claim's life. ``now`` is the clock."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    async def add(self, portal: PortalId, host: str, home: str, pair: PairId, saga: Json) -> Claim:
        """Take the host for the portal; the same claim made twice is one claim."""
        content = {
            "portal": str(portal),
            "host": host,
            "home": home,
            "pair": pair,
            "state": ClaimState.CLAIMED,
            "saga": saga,
            "updated_at": self._now().isoformat(),
        }
        host_key, claim_key = keys.host_key(host), keys.claim_key(portal)
        portal_key = keys.portal_key(portal)
        result = await self._store.txn(
            [absent(host_key), absent(claim_key), absent(portal_key)],
            [_holds(host, portal, ClaimState.CLAIMED), Put(claim_key, keys.encode(content))],
            [Get(Span(claim_key)), Get(Span(portal_key))],
        )
        if result.succeeded:
            return _claim(content, result.revision)
        known, published = result.reads
        return _already_claimed(known, published, host)

    async def get(self, portal: PortalId) -> Claim:
        """Return the portal's claim."""
        document = await self._store.find(keys.claim_key(portal))
        if document is None:
            raise ClaimUnknownError(portal=str(portal))
        return _claim(document.content, document.revision)

    async def older_than(
        self, updated_before: datetime, after: PortalId | None, limit: int
    ) -> tuple[list[Claim], PortalId | None]:
        """Return claims that nobody touched since, and the cursor behind them if there may be more."""
        span = Span.prefix(keys.CLAIMS)
        if after is not None:
            span = span.after(keys.claim_key(after))
        found: list[Claim] = []
        for _ in range(SCAN_PAGES):
            page = await self._store.page(span, SCAN_KEYS)
            for kv in page.kvs:
                claim = _claim(orjson.loads(kv.value), kv.mod_revision)
                if claim.updated_at < updated_before:
                    found.append(claim)
                if len(found) == limit:
                    return found, claim.portal
            if not page.more:
                return found, None
            span = span.after(page.kvs[-1].key)
        return found, claim.portal

    async def save(self, portal: PortalId, revision: int, saga: Json) -> Claim:
        """Keep the claimant's progress."""
        document = await self._get_at(portal, revision)
        content = {**document.content, "saga": saga, "updated_at": self._now().isoformat()}
        written = await self._store.replace(document, content)
        if written is None:
            raise await self._moved(portal)
        return _claim(written.content, written.revision)

    async def publish(
        self,
        portal: PortalId,
        revision: int,
        place: Json,
        state: PortalState,
        saga: Json,
        *,
        pair_revision: int,
    ) -> Claim:
        """Make the portal: its record, its active host and the published claim appear at once.

        Only if the pair is as it was when the portal's fences were opened: who changed it since may have
        missed a portal that nobody knew (ADR 0016).
        """
        document = await self._get_at(portal, revision)
        claim = _claim(document.content, document.revision)
        if claim.state is ClaimState.PUBLISHED:
            raise ClaimPublishedError(portal=str(portal))
        at = self._now().isoformat()
        record = {"id": str(portal), "host": claim.host, **place, "state": state, "created_at": at}
        published = {
            **document.content,
            "state": ClaimState.PUBLISHED,
            "saga": saga,
            "updated_at": at,
        }
        claim_key, portal_key = keys.claim_key(portal), keys.portal_key(portal)
        result = await self._store.txn(
            [
                unchanged(claim_key, revision),
                absent(portal_key),
                unchanged(keys.pair_key(place["pair"]), pair_revision),
            ],
            [
                Put(portal_key, keys.encode(record)),
                _holds(claim.host, portal, PortalState.ACTIVE),
                Put(claim_key, keys.encode(published)),
            ],
        )
        if not result.succeeded:
            await self._get_at(portal, revision)
            raise PairMovedError(pair=place["pair"])
        return _claim(published, result.revision)

    async def release(self, portal: PortalId, revision: int) -> None:
        """Forget the claim, and free the host unless the portal was published meanwhile."""
        document = await self._get_at(portal, revision)
        claim = _claim(document.content, document.revision)
        removed = [Delete(Span(keys.claim_key(portal)))]
        if claim.state is ClaimState.CLAIMED:
            removed.append(Delete(Span(keys.host_key(claim.host))))
        result = await self._store.txn([unchanged(keys.claim_key(portal), revision)], removed)
        if not result.succeeded:
            raise await self._moved(portal)

    async def _get_at(self, portal: PortalId, revision: int) -> Document:
        document = await self._store.find(keys.claim_key(portal))
        if document is None:
            raise ClaimUnknownError(portal=str(portal))
        if document.revision != revision:
            raise RevisionMovedError(current=to_json(_claim(document.content, document.revision)))
        return document

    async def _moved(self, portal: PortalId) -> RevisionMovedError:
        document = await self._store.find(keys.claim_key(portal))
        if document is None:
            return RevisionMovedError(current=None)
        return RevisionMovedError(current=to_json(_claim(document.content, document.revision)))


def to_json(claim: Claim) -> dict[str, Any]:
    """Return the wire form of a claim."""
    return {
        "portal": str(claim.portal),
        "host": claim.host,
        "home": claim.home,
        "pair": claim.pair,
        "state": claim.state,
        "saga": claim.saga,
        "updated_at": claim.updated_at.isoformat(),
        "revision": claim.revision,
    }


def _claim(content: Json, revision: int) -> Claim:
    return Claim(
        portal=PortalId(int(content["portal"])),
        host=content["host"],
        home=content["home"],
        pair=PairId(content["pair"]),
        state=ClaimState(content["state"]),
        saga=content["saga"],
        updated_at=datetime.fromisoformat(content["updated_at"]),
        revision=revision,
    )


def _holds(host: str, portal: PortalId, state: str) -> Put:
    return Put(keys.host_key(host), keys.encode({"portal": str(portal), "state": state}))


def _already_claimed(known: Page, published: Page, host: str) -> Claim:
    """Return the claim if it is the same one; else say who is in the way."""
    if not known.kvs and not published.kvs:
        raise HostTakenError(host=host)
    if known.kvs:
        claim = _claim(orjson.loads(known.kvs[0].value), known.kvs[0].mod_revision)
        if claim.host == host:
            return claim
    raise PortalTakenError
