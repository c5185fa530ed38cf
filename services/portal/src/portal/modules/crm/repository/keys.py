"""Looking for any of some keys with few statements: a connection prepares each one it is asked for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam


def size_for(keys: Sequence[object]) -> int:
    """Return how many parameters a statement for these keys has: a power of two."""
    return 1 << max(0, len(keys) - 1).bit_length()


def parameters(size: int) -> list[BindParameter[Any]]:
    """Return the parameters, for ``IN``."""
    return [bindparam(f"key{n}") for n in range(size)]


def arguments(keys: Sequence[object]) -> dict[str, object]:
    """Return the values of the parameters; the last key fills up."""
    return {f"key{n}": keys[min(n, len(keys) - 1)] for n in range(size_for(keys))}
