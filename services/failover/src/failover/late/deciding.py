"""What an operator decides about late changes: apply them at the present owner, or dismiss them."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from failover.database.session import DUPLICATE, ServerError, Session
from failover.late import shelf
from failover.late.images import Image, present, replace
from failover.late.shelf import Kept, State

FenceRow = tuple[str, int]
Guard = Callable[[int | None], Sequence[FenceRow]]
"""The fence rows, name and epoch, that must be open where a portal (``None``: no portal) is written."""

CONFLICTS_LISTED = 100
_PAGE = 500
# No such column, no such table
_OTHER_TABLE = (1054, 1146)
# A transaction of more rows is decided in parts
_MOST_ROWS = 2000
_FENCE = (
    "SELECT 1 FROM portico_fence.fence WHERE name = %s AND epoch = %s AND state = 'open'"
    " LOCK IN SHARE MODE"
)


class NotOwnerError(Exception):
    """The fence is closed: another server owns the portal, or it is being switched. Nothing was done."""


class ConflictError(Exception):
    """A change cannot be applied as it is; ``now`` is the row at the owner."""

    def __init__(self, change: Kept, why: str, now: Image | None) -> None:
        super().__init__(why)
        self.change = change
        self.now = now

    def as_json(self) -> dict[str, Any]:
        """Return both values and the reason."""
        return {**self.change.as_json(), "present": self.now, "why": str(self)}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the kept changes: one by its number, those of a portal, those of no portal, or all."""

    number: int | None = None
    portal: int | None = None
    is_portalless: bool = False


@dataclass(slots=True)
class Outcome:
    """What was done; a transaction with a conflict was left as it was, all of it."""

    done: int = 0
    left: int = 0
    conflicts: list[ConflictError] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it for people."""
        return {
            "done": self.done,
            "left": self.left,
            "conflicts": [conflict.as_json() for conflict in self.conflicts],
        }


async def listed(
    session: Session, *, portal: int | None = None, after: int = 0, limit: int = 100
) -> list[dict[str, Any]]:
    """Return late changes with the present value of each row at this server."""
    kept = await shelf.page(session, after=after, limit=limit, portal=portal)
    return [{**change.as_json(), "present": await _present(session, change)} for change in kept]


async def dismiss(session: Session, selection: Selection, guard: Guard) -> Outcome:
    """Mark changes as not wanted; they stay on the list."""
    outcome = Outcome()
    async for changes in _groups(session, selection):
        async with session.transaction():
            await _pass_fence(session, guard(changes[0].portal))
            outcome.done += len(await _decide(session, changes, State.DISMISSED))
    return outcome


async def apply(
    session: Session, selection: Selection, guard: Guard, *, overwrite: bool = False
) -> Outcome:
    """Write changes at the owner, each late transaction of a portal as one ordinary transaction.

    A row must still be as it was before the late change, or be already as after it; otherwise the
    transaction is refused as a conflict, unless ``overwrite``.
    """
    outcome = Outcome()
    async for changes in _groups(session, selection):
        try:
            async with session.transaction():
                await _pass_fence(session, guard(changes[0].portal))
                decided = await _decide(session, changes, State.APPLIED)
                for change in decided:
                    await _write(session, change, overwrite=overwrite)
        except ConflictError as conflict:
            outcome.left += len(changes)
            if len(outcome.conflicts) < CONFLICTS_LISTED:
                outcome.conflicts.append(conflict)
        else:
            outcome.done += len(decided)
    return outcome


async def _write(session: Session, change: Kept, *, overwrite: bool) -> None:
    if change.statement is not None:
        raise ConflictError(change, "a statement is not applied: repeat it by hand", None)
    try:
        now = await present(session, change.qualified, change.key, change.columns, locked=True)
    except ServerError as error:
        if error.code not in _OTHER_TABLE:
            raise
        raise ConflictError(change, f"the table is another one now: {error}", None) from error
    if now == change.after:
        return
    if now != change.before and not overwrite:
        raise ConflictError(change, "the row has been changed since", now)
    try:
        await replace(session, change.qualified, change.key, now, _wanted(change, now))
    except ServerError as error:
        if error.code != DUPLICATE:
            raise
        raise ConflictError(change, f"another row has taken its place: {error}", now) from error


def _wanted(change: Kept, now: Image | None) -> Image | None:
    """Return the row to be; an entry of the journal gets a new id: who follows it is past the old one."""
    if change.table != shelf.JOURNAL or change.after is None or now is not None:
        return change.after
    return {name: value for name, value in change.after.items() if name != "id"}


async def _pass_fence(session: Session, rows: Sequence[FenceRow]) -> None:
    for row in rows:
        if await session.row(_FENCE, row) is None:
            raise NotOwnerError(f"fence row {row[0]} is not open at {row[1]}")


async def _decide(session: Session, changes: Sequence[Kept], state: State) -> list[Kept]:
    """Mark those that nobody has decided meanwhile, and return them."""
    now = datetime.now(UTC)
    return [change for change in changes if await shelf.decide(session, change.number, state, now)]


async def _present(session: Session, change: Kept) -> Image | None:
    if change.statement is not None:
        return None
    try:
        return await present(session, change.qualified, change.key, change.columns, locked=False)
    except ServerError as error:
        if error.code not in _OTHER_TABLE:
            raise
        return None


async def _groups(session: Session, selection: Selection) -> AsyncIterator[list[Kept]]:
    """Yield the kept changes selected in order, those of one transaction and portal together."""
    if selection.number is not None:
        change = await shelf.get(session, selection.number)
        if change is not None and change.state is State.KEPT:
            yield [change]
        return
    group: list[Kept] = []
    after = 0
    while True:
        page = await shelf.page(
            session,
            after=after,
            limit=_PAGE,
            portal=selection.portal,
            is_portalless=selection.is_portalless,
            state=State.KEPT,
        )
        for change in page:
            if group and not _belongs(change, group):
                yield group
                group = []
            group.append(change)
        if not page:
            break
        after = page[-1].number
    if group:
        yield group


def _belongs(change: Kept, group: Sequence[Kept]) -> bool:
    is_same = (change.gtid, change.portal) == (group[0].gtid, group[0].portal)
    return is_same and len(group) < _MOST_ROWS
