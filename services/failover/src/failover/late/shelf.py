"""Where late changes are kept: the table ``portico_late.changes`` of the pair.

It replicates like contents, so it is on both servers as soon as they replicate again, and an applied change
is marked in the very transaction that applies it. Until then the returning server's own binary log is the
second copy; nothing here ever removes from it. The table is made by `cluster up`, as the fence is.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from failover.compare.tables import quoted
from failover.database.session import Session
from failover.late.images import Image, dumps, loads
from failover.late.log import Change, Gtid

_INSERT = """
INSERT INTO portico_late.changes
  (domain, server, sequence, ordinal, at, portal, kind, name, row_key, before_image, after_image, state)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'kept')
"""
_ACTOR = """
UPDATE portico_late.changes SET actor = %s
WHERE domain = %s AND server = %s AND sequence = %s AND portal <=> %s
"""
_SELECT = """
SELECT number, domain, server, sequence, at, portal, actor, kind, name, row_key, before_image, after_image,
       state, decided_at
FROM portico_late.changes WHERE
"""
_DECIDE = "UPDATE portico_late.changes SET state = %s, decided_at = %s WHERE number = %s AND state = 'kept'"
JOURNAL = "portico.journal"


class State(StrEnum):
    """What became of a change. Nothing is ever removed."""

    KEPT = "kept"
    APPLIED = "applied"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Kept:
    """A late change as it is kept."""

    number: int
    gtid: Gtid
    at: datetime
    portal: int | None
    actor: int | None
    kind: str
    table: str
    key: Image
    before: Image | None
    after: Image | None
    statement: str | None
    state: State
    decided_at: datetime | None

    @property
    def qualified(self) -> str:
        """Its table for a statement."""
        database, _, name = self.table.partition(".")
        return f"{quoted(database)}.{quoted(name)}"

    @property
    def key_after(self) -> Image:
        """The key of the row as the change left it."""
        return {name: self.after[name] for name in self.key} if self.after else self.key

    @property
    def columns(self) -> list[str]:
        """The columns of its table, as they were."""
        return list(self.after or self.before or {})

    def as_json(self) -> dict[str, Any]:
        """Return it for people."""
        return {
            "number": self.number,
            "gtid": str(self.gtid),
            "at": self.at.replace(tzinfo=UTC).isoformat(),
            "portal": None if self.portal is None else str(self.portal),
            "actor": self.actor,
            "kind": self.kind,
            "table": self.table,
            "key": self.key,
            "before": self.before,
            "after": self.after,
            "statement": self.statement,
            "state": self.state,
            "decided_at": self.decided_at and self.decided_at.replace(tzinfo=UTC).isoformat(),
        }


def row(gtid: Gtid, ordinal: int, at: datetime, portal: int | None, change: Change) -> list[Any]:
    """Return the arguments that ``add`` takes for a change."""
    return [
        gtid.domain,
        gtid.server,
        gtid.number,
        ordinal,
        at,
        portal,
        change.kind,
        change.table,
        dumps(change.key),
        dumps(change.before),
        change.statement if change.statement is not None else dumps(change.after),
    ]


async def add(session: Session, rows: list[list[Any]]) -> None:
    """Keep changes."""
    await session.change_many(_INSERT, rows)


async def name_actors(session: Session, gtid: Gtid, actors: Mapping[int | None, int]) -> None:
    """Note who made a transaction, per portal."""
    for portal, actor in actors.items():
        arguments = (actor, gtid.domain, gtid.server, gtid.number, portal)
        await session.change(_ACTOR, arguments)


async def has(session: Session, gtid: Gtid) -> bool:
    """Tell whether the changes of a transaction are kept: all of them, or there are none."""
    found = await session.row(
        "SELECT 1 FROM portico_late.changes WHERE domain = %s AND server = %s AND sequence = %s LIMIT 1",
        (gtid.domain, gtid.server, gtid.number),
    )
    return found is not None


async def page(
    session: Session,
    *,
    after: int,
    limit: int,
    portal: int | None = None,
    is_portalless: bool = False,
    state: State | None = None,
) -> list[Kept]:
    """Return changes in the order of their numbers."""
    words: list[str] = ["number > %s"]
    arguments: list[int | str] = [after]
    if portal is not None:
        words.append("portal = %s")
        arguments.append(portal)
    if is_portalless:
        words.append("portal IS NULL")
    if state is not None:
        words.append("state = %s")
        arguments.append(state)
    where = f"{' AND '.join(words)} ORDER BY number LIMIT {limit:d}"
    return [_kept(found) for found in await session.rows(_SELECT + where, arguments)]


async def get(session: Session, number: int) -> Kept | None:
    """Return one change."""
    found = await session.row(_SELECT + "number = %s", (number,))
    return None if found is None else _kept(found)


async def latest_first(
    session: Session, beyond: Mapping[int, int], size: int
) -> AsyncIterator[list[Kept]]:
    """Yield pages of the changes of transactions beyond a number per domain, the last one first."""
    words = " OR ".join(
        f"(domain = {domain:d} AND sequence > {n:d})" for domain, n in beyond.items()
    )
    last: int | None = None
    while True:
        bound = "" if last is None else f" AND number < {last:d}"
        where = f"({words}){bound} ORDER BY number DESC LIMIT {size:d}"
        found = [_kept(one) for one in await session.rows(_SELECT + where)]
        if not found:
            return
        yield found
        last = found[-1].number


async def decide(session: Session, number: int, state: State, at: datetime) -> bool:
    """Note what became of a change; ``False`` if that was noted before."""
    return await session.change(_DECIDE, (state, at.replace(tzinfo=None), number)) == 1


def _kept(found: tuple[Any, ...]) -> Kept:
    (
        number,
        domain,
        server,
        sequence,
        at,
        portal,
        actor,
        kind,
        name,
        key,
        before,
        after,
        state,
        decided,
    ) = found
    is_statement = kind == b"statement"
    return Kept(
        number,
        Gtid(domain, server, sequence),
        at,
        portal,
        actor,
        kind.decode(),
        name.decode(),
        loads(key) or {},
        loads(before),
        None if is_statement else loads(after),
        after if is_statement else None,
        State(state.decode()),
        decided,
    )
