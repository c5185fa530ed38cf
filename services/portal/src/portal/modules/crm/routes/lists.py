"""HTTP for statuses and sources."""

from typing import Annotated

from fastapi import Query

from portal.context import Context
from portal.modules.crm import wiring
from portal.modules.crm.contracts import ListKind
from portal.modules.crm.schemas.lists import ListEntryOut, ListOut
from portal.unit import router as make_router

router = make_router("/crm/statuses", "leads")


@router.get("", summary="List statuses and sources of leads")
async def list_statuses(
    context: Context,
    kind: Annotated[ListKind | None, Query(description="one list; default: all")] = None,
) -> ListOut:
    lists = await wiring.lists_of(context.reader)
    return ListOut(items=[ListEntryOut.of(e) for e in lists.entries if kind in {None, e.kind}])
