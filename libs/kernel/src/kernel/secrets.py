"""The secrets of one role, read from ``<var>/secrets/<role>.json`` (mode 0600, made by ``make up``).

Each service runs as one role and reads that file only: ``routing``, ``signup``, ``portal``, ``worker``,
``failover``, ``operator``.
"""

import json
from pathlib import Path

from typing_extensions import override


class Secrets:
    """Values by name. Never shown: ``repr`` and ``str`` tell names only."""

    def __init__(self, role: str, values: dict[str, str]) -> None:
        self._role = role
        self._values = values

    def __getitem__(self, name: str) -> str:
        """Return the secret; a missing one says which file should have it."""
        try:
            return self._values[name]
        except KeyError:
            raise KeyError(
                f"secret {name!r} is missing from the secrets of {self._role!r}"
            ) from None

    @override
    def __repr__(self) -> str:
        return f"Secrets({self._role}: {', '.join(sorted(self._values))})"


def load(directory: Path, role: str) -> Secrets:
    """Read the secrets of ``role``."""
    return Secrets(role, json.loads((directory / f"{role}.json").read_text(encoding="utf-8")))
