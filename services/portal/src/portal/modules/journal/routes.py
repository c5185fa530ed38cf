"""HTTP for the journal."""

from typing import Annotated

from fastapi import Query

from portal.context import AdminContext
from portal.modules.journal.schemas import ChangeOut, ChangesOut
from portal.modules.journal.wiring import since
from portal.paging import cut
from portal.unit import router as make_router

HIGHEST_LIMIT = 1000
HIGHEST_ID = 2**63 - 1

router = make_router("/changes", "journal")


@router.get("", summary="Read what happened since a cursor, oldest first")
async def get_changes(
    context: AdminContext,
    cursor: Annotated[
        int, Query(alias="since", ge=0, le=HIGHEST_ID, description="0 is the beginning")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=HIGHEST_LIMIT)] = 100,
) -> ChangesOut:
    entries, more = cut(await since(context.reader, cursor, limit + 1), limit)
    last = entries[-1].id if entries else cursor
    return ChangesOut(items=[ChangeOut.of(e) for e in entries], cursor=last, more=more)
