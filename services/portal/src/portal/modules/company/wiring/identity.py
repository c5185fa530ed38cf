"""Who sends a request: from memory, from memcached, or from the database."""

from dataclasses import astuple
from datetime import UTC, datetime

import orjson
from cachetools import TTLCache
from fastapi import Request

from kernel.ids import PortalId
from portal.context import Identity, RequestContext
from portal.modules.company.domain.sessions import token_hash
from portal.modules.company.repository.access import find_session

# Dismissing must be felt within 5 s on every node (ORG-11): these two lives add up to less.
LOCAL_SECONDS = 1.0
SHARED_SECONDS = 3
MOST_REMEMBERED = 50_000

_recent: TTLCache[tuple[PortalId, bytes], Identity] = TTLCache(MOST_REMEMBERED, LOCAL_SECONDS)


async def identify(request: Request, context: RequestContext) -> Identity | None:
    """Return who sends the bearer token: from memory, from memcached, or from the database."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    key = (context.route.portal, token_hash(token.strip()))
    known = _recent.get(key)
    if known is None:
        known = await _from_cache(context, key[1]) or await _from_database(context, key[1])
        if known is not None:
            _recent[key] = known
    return known


def forget_sessions(context: RequestContext) -> None:
    """Forget, on this node, who was logged in; the other nodes forget by themselves in time."""
    portal = context.route.portal
    for key in [k for k in _recent if k[0] == portal]:
        _recent.pop(key, None)


async def _from_cache(context: RequestContext, hashed: bytes) -> Identity | None:
    stored = await context.resources.cache.get(context.route.portal, _name(hashed))
    if stored is None:
        return None
    return Identity(*orjson.loads(stored))


async def _from_database(context: RequestContext, hashed: bytes) -> Identity | None:
    async with context.reading() as session:
        found = await find_session(session, hashed)
    if found is None or found.expires_at < datetime.now(tz=UTC):
        return None
    identity = Identity(found.user_id, found.role.value, found.id, found.locale)
    value = orjson.dumps(astuple(identity))
    await context.resources.cache.put(context.route.portal, _name(hashed), value, SHARED_SECONDS)
    return identity


def _name(hashed: bytes) -> str:
    return f"session:{hashed.hex()}"
