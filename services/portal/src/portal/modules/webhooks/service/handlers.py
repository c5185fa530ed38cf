"""Making, changing and removing event handlers; trying dead letters again."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from kernel.facts import Fact
from portal.modules.webhooks.contracts import DeliveryId, HandlerId, WebhookId
from portal.modules.webhooks.domain.handlers import (
    ENTITY,
    Handler,
    HandlerChange,
    HandlerState,
    MadeHandler,
    NewHandler,
    OffReason,
    checked_url,
    named,
    new_token,
)
from portal.modules.webhooks.errors import (
    DeadLetterNotFoundError,
    EventUnknownError,
    HandlerLimitError,
    HandlerNotFoundError,
)
from portal.modules.webhooks.repository.deliveries import DeliveryStore
from portal.modules.webhooks.repository.handlers import HandlerStore


class HandlerService:
    """Use cases of event handlers."""

    def __init__(
        self,
        *,
        handlers: HandlerStore,
        deliveries: Callable[[HandlerId], DeliveryStore],
        known: Callable[[str], bool],
        seal: Callable[[str], str],
        begin: Callable[[int], Awaitable[int]],
        wake: Callable[[int], Awaitable[None]],
        lock: Callable[[], Awaitable[None]],
        most: int,
        publish: Callable[[Fact], None],
        by: int | None,
        now: datetime,
    ) -> None:
        """``known`` tells whether there is such an event.

        ``begin`` a job that delivers to a handler, ``wake`` it; ``lock`` lets those who count at once
        count one by one; ``most`` a portal may have.
        """
        self._handlers = handlers
        self._deliveries = deliveries
        self._known = known
        self._seal = seal
        self._begin = begin
        self._wake = wake
        self._lock = lock
        self._most = most
        self._publish = publish
        self._by = by
        self._now = now

    async def make(self, new: NewHandler) -> MadeHandler:
        """Make a handler that is told of what happens from now on."""
        url, events = checked_url(new.url), self._checked(new.events)
        await self._lock()
        if await self._handlers.count() >= self._most:
            raise HandlerLimitError(limit=self._most)
        token = new.token or new_token()
        draft = Handler(
            id=HandlerId(0),
            url=url,
            events=events,
            title=new.title,
            state=HandlerState.ON,
            off_reason=None,
            token=self._seal(token),
            cursor=await self._handlers.newest_entry(),
            job=0,
            created_at=self._now,
            created_by=self._by,
            webhook_id=new.webhook,
        )
        handler = await self._begun(replace(draft, id=await self._handlers.add(draft)))
        self._publish(handler.created())
        return MadeHandler(handler, token)

    async def change(self, handler_id: HandlerId, change: HandlerChange) -> Handler:
        """Change what is given; a handler that is switched on goes on where it stopped."""
        old = await self._locked(handler_id)
        new = replace(
            old,
            url=old.url if change.url is None else checked_url(change.url),
            events=old.events if change.events is None else self._checked(change.events),
            title=old.title if change.title is None else change.title,
            token=old.token if change.token is None else self._seal(change.token),
        )
        new = await self._switched(new, change.state)
        if new != old:
            await self._handlers.save(new)
            self._publish(Fact(ENTITY, new.id, "updated", {"events": list(new.events)}))
            await self._wake(new.job)
        return new

    async def delete(self, handler_id: HandlerId) -> None:
        """Remove it, and whatever was on its way to it; its job ends at its next turn."""
        handler = await self._locked(handler_id)
        await self._handlers.delete(handler_id)
        self._publish(handler.deleted())
        await self._wake(handler.job)

    async def redeliver(self, handler_id: HandlerId, letters: Iterable[int] | None) -> int:
        """Try dead letters again, all if none is named; return how many. Their tries begin anew."""
        handler = await self._locked(handler_id)
        deliveries = self._deliveries(handler_id)
        if letters is None:
            count = await deliveries.revive_all()
        else:
            count = await self._revived(deliveries, sorted(set(letters)))
        if count:
            self._publish(Fact(ENTITY, handler_id, "redelivered", {"dead_letters": count}))
            await self._wake(handler.job)
        return count

    async def bind(self, url: str, event: str, webhook: WebhookId) -> None:
        """Tell an address of one more event, as a webhook asks; once more changes nothing."""
        url = checked_url(url)
        for handler in await self._handlers.bound(webhook, self._most):
            if handler.url == url:
                await self.change(handler.id, HandlerChange(events=[*handler.events, event]))
                return
        await self.make(NewHandler(url, [event], webhook=webhook))

    async def unbind(self, url: str, event: str, webhook: WebhookId) -> int:
        """Tell an address no more of an event; return from how many handlers it was taken."""
        (name,) = self._checked([event])
        found = [
            handler
            for handler in await self._handlers.bound(webhook, self._most)
            if handler.url == url.strip() and name in handler.events
        ]
        for handler in found:
            left = [other for other in handler.events if other != name]
            if left:
                await self.change(handler.id, HandlerChange(events=left))
            else:
                await self.delete(handler.id)
        return len(found)

    async def delete_bound(self, webhook: WebhookId) -> None:
        """Remove what was bound through a webhook that is revoked."""
        for handler in await self._handlers.bound(webhook, self._most):
            await self.delete(handler.id)

    async def _switched(self, handler: Handler, state: HandlerState | None) -> Handler:
        if state is None or state is handler.state:
            return handler
        if state is HandlerState.ON:
            return await self._begun(handler.switched_on())
        off, fact = handler.switched_off(OffReason.BY_HAND)
        self._publish(fact)
        return off

    async def _begun(self, handler: Handler) -> Handler:
        """Give the handler a job of its own; one it had before finds that out and ends."""
        begun = replace(handler, job=await self._begin(handler.id))
        await self._handlers.save(begun)
        return begun

    async def _revived(self, deliveries: DeliveryStore, letters: Sequence[int]) -> int:
        for letter in letters:
            if not await deliveries.revive(DeliveryId(letter)):
                raise DeadLetterNotFoundError(id=letter)
        return len(letters)

    async def _locked(self, handler_id: HandlerId) -> Handler:
        handler = await self._handlers.find_for_update(handler_id)
        if handler is None:
            raise HandlerNotFoundError(id=handler_id)
        return handler

    def _checked(self, events: Iterable[str]) -> tuple[str, ...]:
        names = named(events)
        unknown = [name for name in names if not self._known(name)]
        if unknown:
            raise EventUnknownError(given=unknown)
        return names
