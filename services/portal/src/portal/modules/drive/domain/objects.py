"""Where contents lie in the portal's bucket: keys that say when, and nothing else."""

import uuid
from datetime import datetime, timedelta

PREFIX = "files/"
# Longer than any upload may last, so that a key this old has its row or will never have one.
SETTLED_AFTER = timedelta(days=8)


def new_key(at: datetime) -> str:
    """Return a key nobody can guess and no other file will get."""
    return f"{_of_day(at)}{uuid.uuid4().hex}"


def is_settled(key: str, now: datetime) -> bool:
    """Tell whether whatever began with this key has ended one way or the other."""
    return key < _of_day(now - SETTLED_AFTER)


def version_of(key: str) -> str:
    """Return what tells these contents from any other: a key is written once and never again."""
    return key.rpartition("/")[2]


def _of_day(at: datetime) -> str:
    return f"{PREFIX}{at:%Y%m%d}/"
