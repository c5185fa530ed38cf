"""HTTP for departments."""

from typing import Annotated

from fastapi import Path, status

from portal.context import AdminContext, Context
from portal.modules.company import wiring
from portal.modules.company.contracts import DepartmentId, UserId
from portal.modules.company.errors import NoSuchDepartmentError
from portal.modules.company.schemas.departments import (
    DepartmentIn,
    DepartmentOut,
    DepartmentPatch,
)
from portal.modules.company.schemas.fields import RowId
from portal.paging import Page, Paging, cursor, cut
from portal.unit import router as make_router

router = make_router("/departments", "company")

DepartmentPath = Annotated[RowId, Path(alias="id")]


@router.get("", summary="List departments")
async def list_departments(context: Context, page: Paging) -> Page[DepartmentOut]:
    after = page.after_id("departments")
    found = await wiring.departments(context.reader).list(after=after, limit=page.limit + 1)
    departments, more = cut(found, page.limit)
    return Page(
        items=[DepartmentOut.of(d) for d in departments],
        next=cursor("departments", departments[-1].id) if more else None,
    )


@router.post("", summary="Make a department", status_code=status.HTTP_201_CREATED)
async def add_department(body: DepartmentIn, context: AdminContext) -> DepartmentOut:
    parent = None if body.parent_id is None else DepartmentId(body.parent_id)
    head = None if body.head_id is None else UserId(body.head_id)
    service = wiring.department_service(context.writer)
    return DepartmentOut.of(await service.make(body.name, parent, body.position, head))


@router.get("/{id}", summary="Show a department")
async def get_department(department_id: DepartmentPath, context: Context) -> DepartmentOut:
    department = await wiring.departments(context.reader).find(DepartmentId(department_id))
    if department is None:
        raise NoSuchDepartmentError(id=department_id)
    return DepartmentOut.of(department)


@router.patch("/{id}", summary="Rename a department, move it or give it a head")
async def update_department(
    department_id: DepartmentPath, body: DepartmentPatch, context: AdminContext
) -> DepartmentOut:
    service = wiring.department_service(context.writer)
    return DepartmentOut.of(await service.update(DepartmentId(department_id), body.given()))


@router.delete(
    "/{id}",
    summary="Dissolve a department into the one above",
    status_code=status.HTTP_204_NO_CONTENT,
)
async def dissolve_department(department_id: DepartmentPath, context: AdminContext) -> None:
    await wiring.department_service(context.writer).dissolve(DepartmentId(department_id))
