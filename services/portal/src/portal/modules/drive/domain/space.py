"""How much of the plan's storage a portal uses."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.modules.drive.domain.objects import SETTLED_AFTER

SWEEP_EVERY = timedelta(days=1)
# A sweep that is so late has died: the next change asks for another.
SWEEP_GIVEN_UP_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes and number of files, and the bytes promised to uploads that are under way."""

    bytes: int
    files: int
    reserved: int

    @property
    def taken(self) -> int:
        """Bytes that count against the plan."""
        return self.bytes + self.reserved

    def with_file(self, size: int) -> "Space":
        """One more file."""
        return replace(self, bytes=self.bytes + size, files=self.files + 1)

    def without_file(self, size: int) -> "Space":
        """One file less."""
        return replace(self, bytes=self.bytes - size, files=self.files - 1)

    def reserving(self, size: int) -> "Space":
        """An upload begins: whoever was let in will find room when he is done."""
        return replace(self, reserved=self.reserved + size)

    def releasing(self, size: int) -> "Space":
        """An upload ended, one way or the other."""
        return replace(self, reserved=self.reserved - size)


def needs_sweep(due_at: datetime | None, now: datetime) -> bool:
    """Tell whether no sweep is planned."""
    return due_at is None or due_at + SWEEP_GIVEN_UP_AFTER < now


def next_sweep(changed_at: datetime, now: datetime) -> datetime | None:
    """Return when to sweep again after everything settled was looked at; ``None``: not until a change.

    A drive that rests long enough has nothing unsettled left, and costs nothing.
    """
    return now + SWEEP_EVERY if now - changed_at < SETTLED_AFTER + SWEEP_EVERY else None
