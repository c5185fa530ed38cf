"""HTTP for webhooks and event handlers: parse, call one use case, render."""

from portal.modules.webhooks.routes import handlers, inbound

routers = (
    inbound.router,
    inbound.making_router,
    handlers.router,
    handlers.own_router,
    handlers.events_router,
)
