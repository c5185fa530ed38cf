"""HTTP for statuses, sources and the other lists."""

from typing import Annotated

from fastapi import Path, Query, Response, status

from portal.context import AdminContext, Context
from portal.modules.crm import wiring
from portal.modules.crm.contracts import ListKind
from portal.modules.crm.domain.leads import LONGEST_CODE
from portal.modules.crm.schemas.lists import EntryIn, EntryPatch, ListEntryOut, ListOut
from portal.unit import router as make_router

router = make_router("/crm/statuses", "leads")

KindPath = Annotated[ListKind, Path(alias="kind")]
CodePath = Annotated[str, Path(alias="code", max_length=LONGEST_CODE)]


@router.get("", summary="List statuses, sources and the other lists")
async def list_statuses(
    context: Context,
    kind: Annotated[ListKind | None, Query(description="one list; default: all")] = None,
) -> ListOut:
    lists = await wiring.lists_now(context.reader)
    return ListOut(items=[ListEntryOut.of(e) for e in lists.entries if kind in {None, e.kind}])


@router.post("", summary="Add to a list", status_code=status.HTTP_201_CREATED)
async def add_entry(body: EntryIn, context: AdminContext, response: Response) -> ListEntryOut:
    service = await wiring.list_service(context)
    entry = await service.add(body.entry())
    response.headers["Location"] = f"/api/v1/crm/statuses/{entry.kind}/{entry.code}"
    return ListEntryOut.of(entry)


@router.get("/{kind}/{code}", summary="Read an entry of a list")
async def get_entry(kind: KindPath, code: CodePath, context: Context) -> ListEntryOut:
    lists = await wiring.lists_now(context.reader)
    return ListEntryOut.of(lists.get(kind, code))


@router.patch("/{kind}/{code}", summary="Change an entry of a list")
async def change_entry(
    kind: KindPath, code: CodePath, body: EntryPatch, context: AdminContext
) -> ListEntryOut:
    service = await wiring.list_service(context)
    entry = service.lists.get(kind, code)
    return ListEntryOut.of(await service.change(entry.id, body.given()))


@router.delete(
    "/{kind}/{code}", summary="Remove from a list", status_code=status.HTTP_204_NO_CONTENT
)
async def remove_entry(kind: KindPath, code: CodePath, context: AdminContext) -> None:
    service = await wiring.list_service(context)
    await service.remove(service.lists.get(kind, code).id)
