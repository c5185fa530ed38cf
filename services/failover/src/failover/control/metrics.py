"""What the loops count; what they see is measured by ``service.metrics``."""

from prometheus_client import Counter, Histogram

DECISIONS = Counter("failover_decisions_total", "Changes of the pair's record.", ("pair",))
HANDOVERS = Counter("failover_handovers_total", "Steps of switches of portals.", ("pair",))
TURN_SECONDS = Histogram(
    "failover_turn_seconds",
    "Time of one turn of a loop.",
    ("loop",),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 2.0),
)
ETCD_FAILURES = Counter(
    "failover_etcd_failures_total", "Turns broken off for want of etcd.", ("loop",)
)
