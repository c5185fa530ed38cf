"""The application every service starts from."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

import kernel
from kernel import messages
from web import health, metrics, problems

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Ready = Callable[[], Awaitable[str | None]]

KERNEL_MESSAGES = Path(kernel.__file__).parent / "messages.toml"
# we measure with Prometheus; to look for a provider of OpenTelemetry costs each request 10 µs
UNTRACED = TelemetryConfig(tracing=False, metrics=False)


def create(
    title: str,
    *,
    lifespan: Lifespan,
    ready: Ready,
    texts: tuple[Path, ...] = (),
    **options: Any,
) -> FastAPI:
    """Return an application with problem documents, ``/healthz``, ``/readyz`` and ``/metrics``.

    ``ready`` returns ``None`` when the service can take requests, or one sentence why not.
    ``texts`` are the service's ``messages.toml`` files; ``options`` go to FastAPI.
    """
    app = FastAPI(
        title=title, lifespan=lifespan, redirect_slashes=False, telemetry=UNTRACED, **options
    )
    problems.install(app, messages.load((KERNEL_MESSAGES, *texts)))
    app.include_router(health.router(ready))
    app.add_middleware(metrics.Measured)
    return app


@asynccontextmanager
async def nothing_to_open(_app: FastAPI) -> AsyncIterator[None]:
    """Lifespan of a service that holds no connections."""
    yield
