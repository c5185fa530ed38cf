"""Two who bring the same cluster up do it one after the other."""

import subprocess
import sys
import time

from cluster import lock
from cluster.layout import Layout
from cluster.progress import Progress

HOLD = """
import fcntl, os, sys, time
file = open(sys.argv[1], "a+")
fcntl.flock(file, fcntl.LOCK_EX)
file.truncate(0); file.write(str(os.getpid())); file.flush()
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def test_the_second_waits_and_says_for_whom(full: Layout, capsys: object) -> None:
    words = [sys.executable, "-c", HOLD, str(full.run / "lock"), "0.5"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        started_at = time.monotonic()
        with lock.exclusive(full, Progress()):
            waited = time.monotonic() - started_at

    assert waited > 0.3


def test_the_lock_of_a_killed_holder_is_free(full: Layout) -> None:
    words = [sys.executable, "-c", HOLD, str(full.run / "lock"), "60"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
        holder.wait(5)
        with lock.exclusive(full, Progress()):
            pass
