"""Metrics of every HTTP service. Labels are bounded: route templates, never paths, tenants or users."""

from prometheus_client import Counter, Histogram

# Buckets around the promises: 50 ms p99 for reads, 250 ms added while a portal switches, 10 s held.
HTTP_SECONDS = Histogram(
    "http_request_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0),
)
UNEXPECTED_ERRORS = Counter(
    "http_unexpected_errors_total", "Requests answered 500: each is a defect.", ("route",)
)
