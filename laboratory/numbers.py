"""Percentiles of what was measured."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some measurements in seconds; not a number where there are none."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float

    @override
    def __str__(self) -> str:
        return f"p50 {_text(self.p50)}, p95 {_text(self.p95)}, max {_text(self.max)}"


def spread(values: Iterable[float]) -> Spread:
    """Return the percentiles, each the smallest measurement that so many do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return Spread(0, math.nan, math.nan, math.nan, math.nan)

    def percentile(share: float) -> float:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return Spread(len(ordered), percentile(0.5), percentile(0.95), percentile(0.99), ordered[-1])


def _text(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
