"""Which entry of a card is which when its lists of numbers, addresses and the like change.

An entry keeps its id as long as it is there, so that a program that has read the card can name it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from portal.modules.crm.domain.communications import WORK, Entry

T = TypeVar("T", bound=Entry)


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What becomes of one entry: that of ``id``, or with 0 a new one; ``None`` leaves it as it is."""

    id: int = 0
    value: str | None = None
    type: str | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class EntryChanges:
    """What becomes of some entries of a list; the others stay."""

    changes: tuple[EntryChange, ...]


def numbered(old: Sequence[T], new: Sequence[T]) -> tuple[T, ...]:
    """Return the new list with ids: entries that were there keep theirs, the others get the next.

    One that was there has the id of one that was there, else its value and type.
    """
    free = {entry.id: entry for entry in old}
    named = {entry.id for entry in new} & free.keys()
    following = max(free, default=0)
    result: list[T] = []
    for entry in new:
        found = entry.id if entry.id in free else _equal(entry, free, named)
        following += not found
        free.pop(found, None)
        result.append(type(entry)(entry.value, entry.type, found or following))
    return tuple(result)


def changed(kind: type[T], old: Sequence[T], changes: EntryChanges) -> tuple[T, ...]:
    """Return the list after the changes, with ids.

    A change of an entry that is gone changes nothing; what is there already is not added again.
    """
    entries = {entry.id: entry for entry in old}
    added: list[T] = []
    for change in changes.changes:
        if change.id:
            _change(entries, change)
        elif change.value and not change.is_deleted:
            added.append(kind(change.value, change.type or WORK))
    there = {(entry.value, entry.type) for entry in entries.values()}
    new = [entry for entry in dict.fromkeys(added) if (entry.value, entry.type) not in there]
    return numbered(old, (*entries.values(), *new))


def _change(entries: dict[int, T], change: EntryChange) -> None:
    entry = entries.get(change.id)
    if entry is None:
        return
    if change.is_deleted or change.value == "":  # an empty value is how many programs delete
        del entries[change.id]
        return
    value = entry.value if change.value is None else change.value
    entries[change.id] = replace(entry, value=value, type=change.type or entry.type)


def _equal(entry: Entry, free: Mapping[int, Entry], named: Collection[int]) -> int:
    """Return the id of an equal entry that is still free and that no other one names, else 0."""
    return next(
        (
            there.id
            for there in free.values()
            if (there.value, there.type) == (entry.value, entry.type) and there.id not in named
        ),
        0,
    )
