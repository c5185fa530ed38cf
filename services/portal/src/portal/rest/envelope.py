"""The body of every answer: ``result`` and ``time``, or ``error`` and ``error_description``."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.responses import Response

from portal.rest.method import CallError, Listed
from portal.rest.wire import is_list

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Spent:
    """How much of its operating time a method has used up, and when some of that is forgotten (Unix)."""

    seconds: float = 0.0
    reset_at: int = 0


@dataclass(slots=True)
class Clock:
    """Measures one call."""

    start: float = field(default_factory=time.time)
    _started: float = field(default_factory=time.perf_counter)

    def elapsed(self) -> float:
        """Return the seconds since the beginning."""
        return time.perf_counter() - self._started

    def time(self, processing: float, spent: Spent) -> dict[str, Any]:
        """Return the ``time`` of an answer; ``processing`` is the method's own part of it, in seconds."""
        duration = self.elapsed()
        finish = self.start + duration
        return {
            "start": self.start,
            "finish": finish,
            "duration": duration,
            "processing": processing,
            "date_start": _second(self.start),
            "date_finish": _second(finish),
            "operating_reset_at": spent.reset_at,
            "operating": spent.seconds,
        }


def answered(value: Any) -> dict[str, Any]:
    """Return what a method gave back as members of the body: ``result`` and, of a list, the counts."""
    if not isinstance(value, Listed):
        return {"result": as_php(value) if isinstance(value, dict) else value}
    body: dict[str, Any] = {"result": value.result}
    if value.next is not None:
        body["next"] = value.next
    if value.total is not None:
        body["total"] = value.total
    return body


def success(body: Mapping[str, Any]) -> Response:
    """Return the answer of a call that succeeded."""
    return Response(orjson.dumps(body), media_type=JSON)


def failure(error: CallError) -> Response:
    """Return the answer of a call that failed."""
    return Response(orjson.dumps(described(error)), error.status, media_type=JSON)


def described(error: CallError) -> dict[str, str]:
    """Return the members of an error; both are always texts."""
    return {"error": error.code, "error_description": error.text}


def as_php(value: dict[str, Any]) -> dict[str, Any] | list[Any]:
    """Return a map as PHP writes it: with the names 0, 1, 2 … (or none at all) it is a list."""
    return list(value.values()) if is_list(value) else value


def _second(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
