"""What the clients saw: each operation as invoked and as it ended, kept in memory and in a JSONL file.

A time-out is ``unknown``, never ``fail``: the operation may have happened, now or later. Times are of one
machine's monotonic clock; the wall clock is written beside them for people.
"""

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, TextIO


class Outcome(StrEnum):
    """How an operation ended."""

    OK = "ok"
    FAIL = "fail"
    """Certainly not done."""
    UNKNOWN = "unknown"
    """Perhaps done."""


@dataclass(slots=True)
class Operation:
    """One operation of one client. ``answer`` is what it was told; ``ended`` is ``None`` while it runs."""

    number: int
    client: int
    kind: str
    key: str
    value: Any
    due: float
    """When the load wanted it sent: latencies count from here."""
    invoked: float
    ended: float | None = None
    outcome: Outcome = Outcome.UNKNOWN
    answer: Any = None
    code: str = ""
    """Why it failed, or is unknown."""

    @property
    def is_ok(self) -> bool:
        """Whether it was acknowledged."""
        return self.outcome is Outcome.OK

    @property
    def seconds(self) -> float:
        """How long its sender waited; until now if he still does."""
        return (time.monotonic() if self.ended is None else self.ended) - self.due


class History:
    """All operations of one run, in the order in which they were invoked."""

    def __init__(self, file: TextIO) -> None:
        self.operations: list[Operation] = []
        self.acknowledged = 0
        self._file = file
        self._numbers = itertools.count()

    @classmethod
    def begin(cls, path: Path) -> Self:
        """Begin a new file; close the history when the run is over."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path.open("w", encoding="utf-8"))

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def invoke(self, client: int, kind: str, key: str, value: Any, due: float) -> Operation:
        """Note that an operation is about to be sent."""
        number, now = next(self._numbers), time.monotonic()
        operation = Operation(number, client, kind, key, value, due, now)
        self.operations.append(operation)
        self._write(number, "invoke", now, client=client, kind=kind, key=key, value=value, due=due)
        return operation

    def end(
        self, operation: Operation, outcome: Outcome, answer: Any = None, code: str = ""
    ) -> None:
        """Note how it ended."""
        operation.ended = time.monotonic()
        operation.outcome, operation.answer, operation.code = outcome, answer, code
        self.acknowledged += operation.is_ok
        self._write(operation.number, outcome.value, operation.ended, answer=answer, code=code)

    def note(self, what: str, **details: Any) -> float:
        """Write down something that is no operation, say a fault; return when."""
        now = time.monotonic()
        self._write(-1, what, now, **details)
        return now

    def between(self, start: float, end: float) -> Iterator[Operation]:
        """Return the operations that were under way at some time of a span."""
        for operation in self.operations:
            if operation.due <= end and (operation.ended is None or operation.ended >= start):
                yield operation

    def _write(self, number: int, event: str, at: float, **details: Any) -> None:
        line = {"n": number, "event": event, "at": at, "wall": time.time(), **details}
        self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def read(path: Path) -> list[Operation]:
    """Read the operations of a file; one whose end is missing is unknown."""
    operations: dict[int, Operation] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            number = event["n"]
            if event["event"] == "invoke":
                about = (event["client"], event["kind"], event["key"], event["value"])
                operations[number] = Operation(number, *about, event["due"], event["at"])
            elif number in operations:
                ended = operations[number]
                ended.ended, ended.outcome = event["at"], Outcome(event["event"])
                ended.answer, ended.code = event["answer"], event["code"]
    return list(operations.values())
