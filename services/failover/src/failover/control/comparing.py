"""Runs a comparison of contents in the background: hours, while the agent goes on."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from failover.control.parts import Comparer
from failover.state import Comparison

RETRY_SECONDS = 5.0
Json = Mapping[str, Any]
_log = logging.getLogger(__name__)


class Comparing:
    """At most one comparison at a time; the last result is kept."""

    def __init__(self, comparer: Comparer) -> None:
        self.result: Comparison | None = None
        self.progress = ""
        self._comparer = comparer
        self._task: asyncio.Task[Comparison] | None = None
        self._revision = 0
        self._not_before = 0.0

    def may_start(self, revision: int) -> bool:
        """Tell whether a comparison under this record is neither under way nor just broken off."""
        if self._task is not None and not self._task.done():
            return self._revision != revision
        return time.monotonic() >= self._not_before

    def start(self, revision: int) -> None:
        """Compare under the record of ``revision``; one under another record is given up."""
        self.stop()
        self.progress = "begun"
        self._revision = revision
        self._task = asyncio.create_task(self._comparer.run(revision, self._tell))
        self._task.add_done_callback(self._end)

    def stop(self) -> None:
        """Give up what is under way, and forget the result: it was of another server, or is old."""
        if self._task is not None:
            self._task.cancel()
        self._task, self.result, self.progress = None, None, ""

    def summary(self) -> Json | None:
        """Return how far the last comparison is, in numbers; ``None`` if there was none."""
        report = self._comparer.report
        return None if report is None else {**report.summary(), "progress": self.progress}

    def details(self) -> Json | None:
        """Return the last comparison with every difference it names; ``None`` if there was none."""
        report = self._comparer.report
        return None if report is None else report.as_json()

    def _tell(self, progress: str) -> None:
        self.progress = progress

    def _end(self, task: asyncio.Task[Comparison]) -> None:
        if task.cancelled() or task is not self._task:
            return
        error = task.exception()
        if error is None:
            self.result, self.progress = task.result(), "done"
            return
        self._not_before = time.monotonic() + RETRY_SECONDS
        self.progress = f"broken off: {error}"
        _log.warning("comparison broken off, to be begun again", exc_info=error)
