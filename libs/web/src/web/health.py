"""``/healthz``: the process lives. ``/readyz``: it can take requests. ``/metrics``: Prometheus text.

Liveness asks nothing of anybody: a database that is down must not make the supervisor restart every
node that waits for it.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from web import problems


def router(ready: Callable[[], Awaitable[str | None]]) -> APIRouter:
    """Return the three routes."""
    routes = APIRouter()

    @routes.get("/healthz", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz", include_in_schema=False)
    async def is_ready() -> Response:
        reason = await ready()
        if reason is None:
            return Response('{"status":"ok"}', media_type="application/json")
        return problems.document(status=503, code="not-ready", detail=reason)

    @routes.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes
