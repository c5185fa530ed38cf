"""What is measured of sign-ups; the outcomes are few and named here."""

from prometheus_client import Counter, Gauge, Histogram

# The promise is a p95 of one second; 15 s is when we tell the client to come back.
SECONDS = Histogram(
    "signup_seconds",
    "Time of a sign-up that was admitted, by outcome.",
    ("outcome",),
    buckets=(0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 15.0),
)
SIGNUPS = Counter(
    "signups_total",
    "Sign-up requests by outcome: created, repeated (same key), or the code of the problem.",
    ("outcome",),
)
STEP_SECONDS = Histogram(
    "signup_step_seconds",
    "Time of one step of a sign-up, forward or back.",
    ("step", "direction"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 6.0),
)
RECOVERED = Counter(
    "sagas_recovered_total",
    "Sign-ups left by another runner and taken over, by how that ended.",
    ("outcome",),
)
UNFINISHED = Gauge("signup_sagas_unfinished", "Claims not yet published, at the last look.")
