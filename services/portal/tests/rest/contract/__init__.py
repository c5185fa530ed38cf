"""The documented contract of the compatible surface, as far as the tests compare with it."""

import json
from pathlib import Path
from typing import Any

from .shapes import matches, mismatches

HERE = Path(__file__).parent

__all__ = ["documented", "matches", "mismatches"]


def documented(family: str) -> dict[str, dict[str, Any]]:
    """Return the methods of a family by name: scopes, paged, parameters, result (a shape), errors."""
    methods: dict[str, dict[str, Any]] = json.loads(
        (HERE / f"{family}.json").read_text(encoding="utf-8")
    )
    return methods
