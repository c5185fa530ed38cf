"""The sliding window: never more than so many requests in any period, wherever it begins.

State is the instants of the admitted requests that the period still covers, at most ``limit`` of them.
(A leaky bucket is one number, but lets nearly twice the limit through in its first period.) Arithmetic
only; instants are Unix seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Admitted if there is nothing to wait for; ``admitted_at`` is the state to keep."""

    wait_seconds: float
    admitted_at: Sequence[float]


def judge(limit: int, period_seconds: float, admitted_at: Sequence[float], now: float) -> Verdict:
    """Decide on one request at ``now``.

    An instant from a node whose clock runs ahead counts as now: it must not shut a client out for longer
    than the limit itself could.
    """
    covered = sorted(min(at, now) for at in admitted_at if at > now - period_seconds)
    if len(covered) < limit:
        return Verdict(0.0, (*covered, now))
    # when so many have left the window that there is room for one
    leaving = covered[len(covered) - limit]
    return Verdict(leaving + period_seconds - now, tuple(covered))
