"""The compatible methods of events, for a webhook: it binds addresses, and sees those it has bound."""

from typing import Any

from portal.modules.webhooks.contracts import WebhookId
from portal.modules.webhooks.domain.handlers import checked_url
from portal.modules.webhooks.wiring import events as wiring
from portal.modules.webhooks.wiring.told import EVENTS, Event
from portal.rest.method import Call, CallError, Method

DIFFERS = (
    "Upstream wants an application; here a webhook with the event's scope may bind, too, if its user is "
    "an administrator. It sees what it has bound itself, and revoking it ends that. There are no offline "
    "events and no auth_type."
)


async def _events(call: Call) -> list[str]:
    scope, granted = call.parameters.text("SCOPE"), call.caller.scopes
    wanted = granted if scope is None else frozenset({scope.strip().lower()})
    is_full = call.parameters.flag("FULL")
    return sorted(event.name for event in EVENTS if is_full or event.scope in wanted)


async def _bind(call: Call) -> bool:
    event, url = _named(call)
    await call.context.resources.outward.require_allowed(checked_url(url))
    service = wiring.handler_service(call.context.writer, call.context)
    await service.bind(url, event.name, _webhook(call))
    return True


async def _get(call: Call) -> list[dict[str, Any]]:
    most = call.context.resources.settings.limits.event_handlers
    bound = await wiring.handlers(call.context.reader).bound(_webhook(call), most)
    return [
        {"event": event, "handler": handler.url, "auth_type": "0", "offline": 0}
        for handler in bound
        for event in handler.events
    ]


async def _unbind(call: Call) -> dict[str, int]:
    event, url = _named(call)
    service = wiring.handler_service(call.context.writer, call.context)
    return {"count": await service.unbind(url, event.name, _webhook(call))}


def _named(call: Call) -> tuple[Event, str]:
    """Return the event and the address that are meant; raise the documented errors."""
    if call.caller.role != "admin":
        raise CallError(403, "ACCESS_DENIED", "Access denied!")
    if (call.parameters.text("event_type") or "online").strip().lower() != "online":
        raise CallError(400, "ERROR_ARGUMENT", "There are no offline events")
    if call.parameters.integer("auth_type"):
        raise CallError(400, "ERROR_ARGUMENT", "There is no AUTH_TYPE but 0")
    name = (call.parameters.text("event") or "").strip().upper()
    event = next((e for e in EVENTS if e.name == name), None)
    if event is None or event.scope not in call.caller.scopes:
        raise CallError(400, "ERROR_EVENT_NOT_FOUND", "Event not found")
    return event, call.parameters.text("handler") or ""


def _webhook(call: Call) -> WebhookId:
    if call.caller.webhook_id is None:
        raise CallError(403, "WRONG_AUTH_TYPE", "Applications come with OAuth")
    return WebhookId(call.caller.webhook_id)


METHODS: tuple[Method, ...] = (
    Method("events", (), _events),
    Method("event.bind", (), _bind, writes=True, differs=DIFFERS),
    Method("event.get", (), _get, differs="Shows what this webhook has bound."),
    Method("event.unbind", (), _unbind, writes=True, differs=DIFFERS),
)
