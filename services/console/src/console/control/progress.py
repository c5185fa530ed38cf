"""Tells how something goes on: what is waited for, and for how long already."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from console.errors import ConsoleError, GoesOnError

POLL_SECONDS = 0.05
SILENCE_SECONDS = 15.0
"""So long nobody may answer, as during an election, before we stop looking."""

Seen = TypeVar("Seen")


class Progress:
    """Lines of elapsed milliseconds and a sentence; on a terminal the last line counts on."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()
        self.last = ""
        """The last sentence."""
        self._is_live = sys.stderr.isatty()

    @property
    def elapsed_ms(self) -> int:
        """Since this was made."""
        return round((time.monotonic() - self._started_at) * 1000)

    def say(self, sentence: str) -> None:
        """Show the sentence, if it is news; else only how late it is."""
        line = f"{self.elapsed_ms:>8} ms  {sentence}"
        if sentence != self.last:
            end_of_last = "\n" if self._is_live and self.last else ""
            print(f"{end_of_last}{line}", end="" if self._is_live else "\n", file=sys.stderr)
        elif self._is_live:
            print(f"\r{line}", end="", file=sys.stderr)
        sys.stderr.flush()
        self.last = sentence

    def close(self) -> None:
        """Leave the cursor at the start of a line."""
        if self._is_live and self.last:
            print(file=sys.stderr)
        self.last = ""


def follow(
    look: Callable[[], Seen],
    describe: Callable[[Seen], str],
    is_over: Callable[[Seen], bool],
    progress: Progress,
    seconds: float,
) -> Seen:
    """Look again and again until it is over, and return what was seen then.

    Raises ``GoesOnError`` after ``seconds``. That nobody answers for a while is borne: leaders die, too.
    """
    deadline = time.monotonic() + seconds
    for seen in _looking(look, progress):
        if is_over(seen):
            return seen
        progress.say(describe(seen))
        if time.monotonic() >= deadline:
            break
        time.sleep(POLL_SECONDS)
    raise GoesOnError(f"not finished after {seconds:.0f} s; the services go on: `portico status`")


def _looking(look: Callable[[], Seen], progress: Progress) -> Iterator[Seen]:
    """Yield what is seen; raises when nobody has answered for long."""
    seen_at = time.monotonic()
    while True:
        try:
            seen = look()
        except ConsoleError as silence:
            if time.monotonic() - seen_at > SILENCE_SECONDS:
                raise GoesOnError(
                    f"{silence}; what was begun is finished by whoever leads"
                ) from silence
            progress.say(f"{silence}; waiting")
            time.sleep(POLL_SECONDS)
            continue
        seen_at = time.monotonic()
        yield seen


@contextmanager
def unless_interrupted(sentence: str) -> Iterator[None]:
    """Turn Ctrl-C into the sentence that says what happens without us."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise GoesOnError(sentence) from interrupt
