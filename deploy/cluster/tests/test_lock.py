"""Two who bring the same cluster up do it one after the other."""

import subprocess
import sys
import threading

from typing_extensions import override

from cluster import lock
from cluster.layout import Layout
from cluster.progress import Progress

HOLD = """
import fcntl, os, sys, time
file = open(sys.argv[1], "a+")
fcntl.flock(file, fcntl.LOCK_EX)
file.truncate(0); file.write(str(os.getpid())); file.flush()
print("held", flush=True)
sys.stdin.read()
"""
HELD_SECONDS = 0.5


def test_the_second_waits_and_says_for_whom(full: Layout, capsys: object) -> None:
    words = [sys.executable, "-c", HOLD, str(full.run / "lock")]
    is_released = False

    class Listener(Progress):
        @override
        def say(self, text: str) -> None:
            """Let the holder go some time after it is said that somebody waits for it."""
            assert str(holder.pid) in text
            threading.Timer(HELD_SECONDS, release).start()

    def release() -> None:
        nonlocal is_released
        is_released = True
        assert holder.stdin is not None
        holder.stdin.close()

    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with lock.exclusive(full, Listener()):
            assert is_released
            assert holder.wait(20) == 0


def test_the_lock_of_a_killed_holder_is_free(full: Layout) -> None:
    words = [sys.executable, "-c", HOLD, str(full.run / "lock")]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
        holder.wait(20)
        with lock.exclusive(full, Progress()):
            pass
