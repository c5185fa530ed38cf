"""Who calls by a webhook: from memory, from memcached, or from the database.

A code that opens nothing is remembered, too, on the node that was asked: a client that does not give up
costs a look-up a second. A code is not guessed at: there are too many (``domain.inbound``).
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import orjson
from cachetools import TTLCache

from kernel.errors import PorticoError
from kernel.ids import PortalId
from portal.context import RequestContext
from portal.modules.company import facade as company
from portal.modules.company.contracts import UserState
from portal.modules.webhooks import wiring
from portal.modules.webhooks.contracts import WebhookId
from portal.modules.webhooks.domain.inbound import Webhook, hash_of, is_code
from portal.rest.method import Caller

_log = logging.getLogger(__name__)

# Revoking, dismissing and a changed role must be felt within 5 s on every node: these two lives add up
# to less. An unknown code may become known only in theory.
LOCAL_SECONDS = 1.0
SHARED_SECONDS = 3
UNKNOWN_SECONDS = 1.0
MOST_REMEMBERED = 50_000
MOST_UNKNOWN = 10_000
MOST_NOTING = 16

Key = tuple[PortalId, int, bytes]
_recent: TTLCache[Key, Caller] = TTLCache(MOST_REMEMBERED, LOCAL_SECONDS)
_unknown: TTLCache[Key, bool] = TTLCache(MOST_UNKNOWN, UNKNOWN_SECONDS)
_noting: set[asyncio.Task[None]] = set()


async def identify(context: RequestContext, user_id: int, code: str) -> Caller | None:
    """Return as whom the code of this path acts now; ``None`` if it opens nothing."""
    if not is_code(code):
        return None
    key = (context.route.portal, user_id, hash_of(code))
    known = _recent.get(key)
    if known is not None or key in _unknown:
        return known
    known = await _from_cache(context, key) or await _from_database(context, key)
    if known is None:
        _unknown[key] = True
    else:
        _recent[key] = known
    return known


def forget(context: RequestContext) -> None:
    """Forget, on this node, who called; the other nodes forget by themselves in time."""
    portal = context.route.portal
    for key in [k for k in _recent if k[0] == portal]:
        _recent.pop(key, None)


async def _from_cache(context: RequestContext, key: Key) -> Caller | None:
    stored = await context.resources.cache.get(context.route.portal, _name(key))
    return None if stored is None else _caller(orjson.loads(stored))


async def _from_database(context: RequestContext, key: Key) -> Caller | None:
    portal, user_id, code_hash = key
    async with context.reading() as session:
        webhook = await wiring.webhooks(session).find_by_code(code_hash)
        if webhook is None or webhook.user_id != user_id:
            return None
        person = await company.find_person(session, webhook.user_id)
    if person is None or person.state is not UserState.ACTIVE:
        return None
    values = (user_id, person.role.value, webhook.scopes, webhook.id, person.locale)
    await context.resources.cache.put(portal, _name(key), orjson.dumps(values), SHARED_SECONDS)
    _note_use(context, webhook)
    return _caller(values)


def _caller(values: Sequence[Any]) -> Caller:
    user_id, role, scopes, webhook_id, locale = values
    return Caller(user_id, role, frozenset(scopes), webhook_id, "webhook", locale)


def _name(key: Key) -> str:
    return f"webhook:{key[1]}:{key[2].hex()}"


def _note_use(context: RequestContext, webhook: Webhook) -> None:
    """Have it written down that the webhook is in use; nobody waits for that."""
    if len(_noting) < MOST_NOTING and webhook.use_is_to_be_noted(context.now()):
        task = asyncio.create_task(_write_use(context, webhook.id))
        _noting.add(task)
        task.add_done_callback(_noting.discard)


async def _write_use(context: RequestContext, webhook: WebhookId) -> None:
    try:
        async with context.resources.writing(context.route, None) as session:
            await wiring.webhook_store(session).note_use(webhook, session.now)
    except PorticoError as error:
        _log.info("the use of a webhook is not noted", extra={"reason": repr(error)})
