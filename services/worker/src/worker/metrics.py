"""What a worker shows of itself. Kinds are words of our code (``jobs.queue``), so labels stay few."""

from prometheus_client import Counter, Gauge, Histogram

CLAIMED = Counter("worker_jobs_claimed_total", "Turns begun.", ("kind",))
# From a mail (tens of ms) to the longest step (30 s).
JOB_SECONDS = Histogram(
    "worker_job_seconds",
    "Time of one turn of a job, and the state it left the job in ('lost': no longer ours).",
    ("kind", "state"),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
DEAD = Counter("worker_jobs_dead_total", "Jobs given up.", ("kind",))
STALE = Counter("worker_stale_routes_total", "Turns that the fence of their portal refused.")
OLDEST_DUE_SECONDS = Gauge(
    "worker_oldest_due_seconds", "For how long the most patient job of ours has been due."
)
WAITING = Gauge("worker_backlog_jobs", "Jobs seen to be due and not yet begun here.")
SCAN_FAILURES = Counter("worker_scan_failures_total", "Looks for due jobs that failed.")
REMOVED = Counter("worker_jobs_removed_total", "Finished jobs removed for their age.")
