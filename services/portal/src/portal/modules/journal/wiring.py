"""Reads the journal of a portal."""

from collections.abc import Sequence

from db import journal
from db.sessions import ReadSession


async def since(session: ReadSession, cursor: int, limit: int) -> Sequence[journal.Entry]:
    """Return what happened after ``cursor``, oldest first; nothing is ever stepped over."""
    rows = await session.all(journal.SINCE, cursor=cursor, limit=limit)
    return [journal.entry(row) for row in rows]
