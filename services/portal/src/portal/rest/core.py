"""The methods that belong to no module: what there is, what the caller may, what time it is."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.rest.method import Call, CallError, Method

BATCH = "batch"


def over(methods: Mapping[str, Method]) -> tuple[Method, ...]:
    """Return the methods that tell of all ``methods``, and the rest of the core."""

    async def listed(call: Call) -> list[str]:
        parameters = call.parameters
        if parameters.flag("full"):
            return sorted(methods)
        scope = parameters.text("scope")
        granted = call.caller.scopes if scope is None else {scope}
        return sorted(
            name
            for name, m in methods.items()
            if granted.intersection(m.scopes) or (not m.scopes and not scope)
        )

    async def described(call: Call) -> dict[str, bool]:
        method = methods.get((call.parameters.text("name") or "").strip().lower())
        if method is None:
            return {"isExisting": False, "isAvailable": False}
        is_granted = not method.scopes or bool(call.caller.scopes.intersection(method.scopes))
        return {"isExisting": True, "isAvailable": is_granted}

    async def scopes(call: Call) -> list[str]:
        if not call.parameters.flag("full"):
            return sorted(call.caller.scopes)
        return sorted({scope for method in methods.values() for scope in method.scopes})

    return (
        Method(BATCH, (), _batch, batchable=False),
        Method("methods", (), listed),
        Method("method.get", (), described),
        Method("scope", (), scopes),
        Method("server.time", (), _server_time),
        Method(
            "app.info",
            (),
            _app_info,
            differs="Answers ACCESS_DENIED: it is for applications, which come with OAuth.",
        ),
    )


async def _batch(call: Call) -> Any:
    """Refuse: a batch is run by the dispatcher itself, never by another batch."""
    raise CallError(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")


async def _server_time(call: Call) -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")


async def _app_info(call: Call) -> Any:
    raise CallError(403, "ACCESS_DENIED", "Access denied! Application context required")
