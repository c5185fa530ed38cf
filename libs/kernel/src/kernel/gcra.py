"""The generic cell rate algorithm: an even rate with bursts, from one remembered instant.

State is the *theoretical arrival time*: when the requests admitted so far would have come, had they come
evenly. Arithmetic only; instants are Unix seconds.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """``limit`` requests at once, then one each ``period_seconds / limit``."""

    limit: int
    period_seconds: float

    @property
    def interval_seconds(self) -> float:
        """Time in which one request is earned again."""
        return self.period_seconds / self.limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """Admitted if there is nothing to wait for; then ``arrival_at`` is the state to keep."""

    wait_seconds: float
    arrival_at: float


def judge(rate: Rate, arrival_at: float, now: float) -> Verdict:
    """Decide on one request at ``now``; ``arrival_at`` is the kept state, 0 if there is none.

    No more than a full period is believed: a state from a node whose clock runs ahead must not shut
    a client out for longer than the limit itself could.
    """
    believed = min(max(arrival_at, now), now + rate.period_seconds)
    following = believed + rate.interval_seconds
    # a microsecond of slack: sums of floating point intervals must not refuse the last of a burst
    wait = following - rate.period_seconds - now
    return Verdict(0.0, following) if wait <= 1e-6 else Verdict(wait, believed)
