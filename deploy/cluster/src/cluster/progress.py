"""Tells the person at the keyboard what goes on, and how long it took."""

import time


class Progress:
    """Lines with the seconds since the start; safe to call from several threads."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started_at

    def say(self, text: str) -> None:
        """Print one line."""
        print(f"{self.seconds:6.1f} s  {text}\n", end="", flush=True)
