"""Making, changing and revoking webhooks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from kernel.errors import ForbiddenError
from kernel.facts import Fact
from portal.modules.company.contracts import UserId
from portal.modules.webhooks.contracts import WebhookId
from portal.modules.webhooks.domain import scopes
from portal.modules.webhooks.domain.inbound import Made, Webhook, hash_of, new_code
from portal.modules.webhooks.errors import (
    WebhookLimitError,
    WebhookNotFoundError,
    WebhookUserError,
)
from portal.modules.webhooks.repository.inbound import WebhookStore


@dataclass(frozen=True, slots=True)
class Asker:
    """Who manages webhooks: everybody his own, an administrator all. No ``user``: the operator."""

    user: UserId | None
    is_administrator: bool

    def may_manage(self, user: UserId) -> bool:
        """Whether the webhooks of this person are his to manage."""
        return self.is_administrator or user == self.user


class WebhookService:
    """Use cases of webhooks."""

    def __init__(
        self,
        *,
        webhooks: WebhookStore,
        asker: Asker,
        is_active: Callable[[UserId], Awaitable[bool]],
        lock: Callable[[], Awaitable[None]],
        unbind: Callable[[WebhookId], Awaitable[None]],
        most: int,
        publish: Callable[[Fact], None],
        now: datetime,
    ) -> None:
        """``lock`` lets those who count at once count one by one; ``most`` a portal may have.

        ``unbind`` removes the event handlers that were bound through a webhook.
        """
        self._webhooks = webhooks
        self._asker = asker
        self._is_active = is_active
        self._lock = lock
        self._unbind = unbind
        self._most = most
        self._publish = publish
        self._now = now

    async def make(self, user: UserId, title: str, wanted: tuple[str, ...]) -> Made:
        """Make a webhook that acts as ``user``."""
        if not self._asker.may_manage(user):
            raise ForbiddenError
        allowed = scopes.checked(wanted)
        if not await self._is_active(user):
            raise WebhookUserError(id=user)
        await self._lock()
        if await self._webhooks.count() >= self._most:
            raise WebhookLimitError(limit=self._most)
        code = new_code()
        draft = Webhook(WebhookId(0), user, title, allowed, self._now, self._asker.user)
        webhook = replace(draft, id=await self._webhooks.add(draft, hash_of(code)))
        self._publish(webhook.created())
        return Made(webhook, code)

    async def change(
        self, webhook_id: WebhookId, title: str | None, wanted: tuple[str, ...] | None
    ) -> Webhook:
        """Change title or scopes; ``None`` leaves as it is."""
        old = await self._locked(webhook_id)
        allowed = old.scopes if wanted is None else scopes.checked(wanted)
        new, fact = old.changed(old.title if title is None else title, allowed)
        if fact is not None:
            await self._webhooks.save(new)
            self._publish(fact)
        return new

    async def revoke(self, webhook_id: WebhookId) -> None:
        """Let the code open nothing any more, and tell its receivers nothing."""
        revoked, fact = (await self._locked(webhook_id)).revoked(self._now)
        await self._webhooks.save(revoked)
        await self._unbind(webhook_id)
        self._publish(fact)

    async def _locked(self, webhook_id: WebhookId) -> Webhook:
        webhook = await self._webhooks.find_for_update(webhook_id)
        if webhook is None or not self._asker.may_manage(webhook.user_id):
            raise WebhookNotFoundError(id=webhook_id)
        return webhook
