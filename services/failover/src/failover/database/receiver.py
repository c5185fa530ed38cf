"""What replication from the peer is worth now, from one look after the other.

The server tells counters; that one of them moved between two looks is the sign of life. The master sends
a heartbeat every ``cluster.replication.HEARTBEAT_SECONDS`` when it has nothing else to send.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

QUIET_HEARTBEATS = 3
"""A shorter silence is none."""
STEP_SECONDS = 0.05
MOST_STEPS = 2000


@dataclass(frozen=True, slots=True)
class Hearing:
    """See ``state.Database``."""

    runs: bool
    silent_seconds: float
    heard_seconds: float
    lag_seconds: float


class Receiver:
    """Remembers when the peer was last heard, and since when without a break."""

    def __init__(self) -> None:
        self._sign: tuple[Any, ...] = ()
        self._heard_at: float | None = None
        self._connected_at: float | None = None
        self._quiet_seconds = 0.0
        self._lag = Lag()

    def look(
        self, status: Mapping[str, Any] | None, received: int, applied: int, now: float
    ) -> Hearing:
        """Take one row of ``SHOW ALL SLAVES STATUS``, or none if no peer is configured."""
        state = "No" if status is None else status["Slave_IO_Running"]
        if self._heard_at is None or state == "No":
            self._heard_at = now  # one that starts has not been silent yet
        if status is not None and state == "Yes":
            self._listen(status, now)
        else:
            self._connected_at = None
        silence = now - self._heard_at
        if self._connected_at is not None and silence <= self._quiet_seconds:
            silence = 0.0
        else:
            # not connected, or connected in vain: the next sign begins a new connection
            silence = max(silence, STEP_SECONDS)
            self._connected_at = None
        return Hearing(
            runs=state != "No",
            silent_seconds=silence,
            heard_seconds=0.0 if self._connected_at is None else now - self._connected_at,
            lag_seconds=self._lag.look(received, applied, now),
        )

    def _listen(self, status: Mapping[str, Any], now: float) -> None:
        """Note a sign of life: a heartbeat or an event. The first look has nothing to compare with."""
        self._quiet_seconds = QUIET_HEARTBEATS * float(status["Slave_heartbeat_period"])
        sign = (
            status["Slave_received_heartbeats"],
            status["Master_Log_File"],
            status["Read_Master_Log_Pos"],
            status["Gtid_IO_Pos"],
        )
        known, self._sign = self._sign, sign
        if known not in ((), sign):
            self._heard_at = now
            if self._connected_at is None:
                self._connected_at = now


class Lag:
    """For how long the oldest transaction that is not applied has been here; 0 if there is none."""

    def __init__(self) -> None:
        self._arrivals: deque[tuple[int, float]] = deque()

    def look(self, received: int, applied: int, now: float) -> float:
        """Take the number of the last received and of the last applied transaction."""
        arrivals = self._arrivals
        while arrivals and arrivals[0][0] <= applied:
            arrivals.popleft()
        if self._is_news(received, applied, now):
            arrivals.append((received, now))
        return now - arrivals[0][1] if arrivals else 0.0

    def _is_news(self, received: int, applied: int, now: float) -> bool:
        """Tell whether to remember the number; the oldest matter, so a full list takes no more."""
        if not self._arrivals:
            return received > applied
        number, at = self._arrivals[-1]
        is_time = now - at >= STEP_SECONDS and len(self._arrivals) < MOST_STEPS
        return received > number and is_time
