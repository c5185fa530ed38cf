"""When a receiver that did not take an event is asked again, and when nobody asks it any more."""

from datetime import datetime, timedelta

WAITS = tuple(timedelta(seconds=s) for s in (1, 3, 10, 30, 120, 300, 900, 1800, 3600))
"""After the first failed try, the second, and so on: two hours in all."""
TRIES = len(WAITS) + 1

# Of one receiver so many events may wait for another try; with more, the journal waits for the receiver
MOST_WAITING = 200

# Events of different leads went unanswered, and none was answered: it is the receiver, not a lead
SILENT_ENTITIES = 2
LONGEST_REST = timedelta(minutes=5)

OFF_AFTER = timedelta(days=3)
OFF_AFTER_TRIES = 100
"""Both: one event that a receiver cannot bear, in a quiet week, says little about the receiver."""

DEAD_KEPT = timedelta(days=30)


def next_try(tries: int, now: datetime) -> datetime | None:
    """Return when to try again after so many failed tries, or ``None`` if that was the last."""
    return now + WAITS[tries - 1] if tries < TRIES else None


def rest_after(silences: int) -> timedelta:
    """Return how long a receiver rests that was silent so many turns in a row."""
    return min(WAITS[min(silences, len(WAITS)) - 1], LONGEST_REST)


def is_hopeless(failing_since: datetime | None, failed_tries: int, now: datetime) -> bool:
    """Whether the receiver has taken nothing for so long that it is switched off."""
    is_long = failing_since is not None and now - failing_since >= OFF_AFTER
    return is_long and failed_tries >= OFF_AFTER_TRIES
