"""Webhooks in the database."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, or_, select, update

from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from portal.modules.company.contracts import UserId
from portal.modules.webhooks.contracts import WebhookId
from portal.modules.webhooks.domain.inbound import REVOKED_KEPT, USE_IS_NOTED_EVERY, Webhook
from portal.modules.webhooks.tables import webhooks

_COLUMNS = (
    webhooks.c.id,
    webhooks.c.user_id,
    webhooks.c.title,
    webhooks.c.scopes,
    webhooks.c.created_at,
    webhooks.c.created_by,
    webhooks.c.last_used_at,
    webhooks.c.revoked_at,
)
_MINE = webhooks.c.portal_id == bindparam("portal_id")
_ALIVE = webhooks.c.revoked_at.is_(None)
_THIS = (_MINE, webhooks.c.id == bindparam("webhook"))

_BY_ID = select(*_COLUMNS).where(*_THIS)
_FIND = Statement(_BY_ID)
_FIND_FOR_UPDATE = Statement(_BY_ID.with_for_update())
_FIND_BY_CODE = Statement(
    select(*_COLUMNS, webhooks.c.code_hash).where(
        _MINE, _ALIVE, webhooks.c.code_hash == bindparam("code")
    )
)
_COUNT = Statement(select(func.count()).where(_MINE, _ALIVE))
_ADD = Statement(
    insert(webhooks),
    columns=("portal_id", "user_id", "code_hash", "title", "scopes", "created_at", "created_by"),
)
_SAVE = Statement(
    update(webhooks)
    .where(*_THIS)
    .values({c: bindparam(f"new_{c}") for c in ("title", "scopes", "revoked_at")})
)
_NOTE_USE = Statement(
    update(webhooks)
    .where(
        *_THIS,
        or_(webhooks.c.last_used_at.is_(None), webhooks.c.last_used_at < bindparam("before")),
    )
    .values(last_used_at=bindparam("at"))
)
# Found by a read without locks and deleted by id, as in ``portal.idempotency``
_FORGOTTEN = Statement(
    select(webhooks.c.id)
    .where(_MINE, webhooks.c.revoked_at < bindparam("before"))
    .order_by(webhooks.c.revoked_at)
    .limit(8)
)
_FORGET = Statement(delete(webhooks).where(*_THIS))


def _listing(*, of_one_user: bool) -> Statement:
    query: Select[tuple[object, ...]] = select(*_COLUMNS).where(
        _MINE, _ALIVE, webhooks.c.id > bindparam("after")
    )
    if of_one_user:
        query = query.where(webhooks.c.user_id == bindparam("user"))
    return Statement(query.order_by(webhooks.c.id).limit(bindparam("limit")))


_LISTINGS = {of_one: _listing(of_one_user=of_one) for of_one in (False, True)}


class WebhookRepository:
    """Webhooks of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self, webhook: WebhookId) -> Webhook | None:
        """Return the webhook, revoked or not."""
        row = await self._session.first(_FIND, webhook=webhook)
        return None if row is None else _to_domain(row)

    async def find_by_code(self, code_hash: bytes) -> Webhook | None:
        """Return the webhook that this code opens, unless it was revoked."""
        row = await self._session.first(_FIND_BY_CODE, code=code_hash)
        if row is None:
            return None
        *columns, known = row
        return _to_domain(columns) if hmac.compare_digest(known, code_hash) else None

    async def all(self, *, user: UserId | None, after: int, limit: int) -> Sequence[Webhook]:
        """Return webhooks that are not revoked by id; of everybody if ``user`` is ``None``."""
        values = {"user": user, "after": after, "limit": limit}
        rows = await self._session.all(_LISTINGS[user is not None], **values)
        return [_to_domain(row) for row in rows]

    async def count(self) -> int:
        """How many webhooks are not revoked."""
        row = await self._session.first(_COUNT)
        return int(row[0]) if row else 0


class WebhookStore(WebhookRepository):
    """Webhooks of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def find_for_update(self, webhook: WebhookId) -> Webhook | None:
        """Return the webhook, locked until the transaction ends."""
        row = await self._writer.first(_FIND_FOR_UPDATE, webhook=webhook)
        return None if row is None else _to_domain(row)

    async def add(self, webhook: Webhook, code_hash: bytes) -> WebhookId:
        """Insert; the id of ``webhook`` is not looked at. A little of the past goes with each."""
        for (old,) in await self._writer.all(_FORGOTTEN, before=self._writer.now - REVOKED_KEPT):
            await self._writer.change(_FORGET, webhook=old)
        new_id = await self._writer.insert(
            _ADD,
            user_id=webhook.user_id,
            code_hash=code_hash,
            title=webhook.title,
            scopes=" ".join(webhook.scopes),
            created_at=webhook.created_at,
            created_by=webhook.created_by,
        )
        return WebhookId(new_id)

    async def save(self, webhook: Webhook) -> None:
        """Write what may change."""
        await self._writer.change(
            _SAVE,
            webhook=webhook.id,
            new_title=webhook.title,
            new_scopes=" ".join(webhook.scopes),
            new_revoked_at=webhook.revoked_at,
        )

    async def note_use(self, webhook: WebhookId, at: datetime) -> None:
        """Write that it is in use, unless somebody has just done so."""
        before = at - USE_IS_NOTED_EVERY
        await self._writer.change(_NOTE_USE, webhook=webhook, before=before, at=at)


def _to_domain(row: Sequence[Any]) -> Webhook:
    webhook, user, title, scopes, created_at, created_by, last_used_at, revoked_at = row
    return Webhook(
        WebhookId(webhook),
        UserId(user),
        title,
        tuple(scopes.split()),
        created_at,
        created_by,
        last_used_at,
        revoked_at,
    )
