"""HTTP for the portal's own fields of leads."""

from typing import Annotated

from fastapi import Path, Response, status

from portal.context import AdminContext, Context
from portal.modules.crm import wiring
from portal.modules.crm.contracts import FieldId
from portal.modules.crm.schemas.custom import FieldIn, FieldOut, FieldPatch, FieldsOut
from portal.modules.crm.schemas.fields import RowId
from portal.unit import router as make_router

router = make_router("/crm/fields", "leads")

FieldPath = Annotated[RowId, Path(alias="id")]


@router.get("", summary="List the portal's own fields of leads")
async def list_fields(context: Context) -> FieldsOut:
    lists = await wiring.lists_now(context.reader)
    return FieldsOut(items=[FieldOut.of(field) for field in lists.fields])


@router.post("", summary="Add a field to leads", status_code=status.HTTP_201_CREATED)
async def add_field(body: FieldIn, context: AdminContext, response: Response) -> FieldOut:
    service = await wiring.field_service(context)
    field = await service.add(body.details())
    response.headers["Location"] = f"/api/v1/crm/fields/{field.id}"
    return FieldOut.of(field)


@router.get("/{id:int}", summary="Read a field of the portal's own")
async def get_field(field_id: FieldPath, context: Context) -> FieldOut:
    return FieldOut.of((await wiring.lists_now(context.reader)).get_field(FieldId(field_id)))


@router.patch("/{id:int}", summary="Change a field of the portal's own")
async def change_field(field_id: FieldPath, body: FieldPatch, context: AdminContext) -> FieldOut:
    service = await wiring.field_service(context)
    return FieldOut.of(await service.change(FieldId(field_id), body.given()))


@router.delete(
    "/{id:int}",
    summary="Remove a field with all that leads hold in it",
    status_code=status.HTTP_204_NO_CONTENT,
)
async def remove_field(field_id: FieldPath, context: AdminContext) -> None:
    service = await wiring.field_service(context)
    await service.remove(FieldId(field_id))
