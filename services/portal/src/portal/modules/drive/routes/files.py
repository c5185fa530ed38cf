"""A person's files as JSON: list, show, link, delete; and the portal's usage."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Path, Query, Response, status

from portal.context import Context
from portal.modules.drive import wiring
from portal.modules.drive.contracts import FileId
from portal.modules.drive.domain.files import File
from portal.modules.drive.domain.listing import Order, Position
from portal.modules.drive.errors import NoSuchFileError
from portal.modules.drive.schemas import FileOut, LinkOut, RowId, UsageOut
from portal.modules.licence import facade as licence
from portal.paging import CursorMalformedError, Page, PageRequest, Paging, cursor, cut
from portal.unit import router as make_router

LINK_SECONDS = 15 * 60
LONGEST_LINK_SECONDS = 24 * 60 * 60

router = make_router("/drive", "drive")

FilePath = Annotated[RowId, Path(alias="id")]
LinkSeconds = Annotated[int, Query(ge=1, le=LONGEST_LINK_SECONDS, description="life of the link")]


@router.get("/files", summary="List your files")
async def list_files(
    context: Context,
    page: Paging,
    order: Order = Order.ID,
    search: Annotated[str | None, Query(max_length=255, description="part of a name")] = None,
) -> Page[FileOut]:
    shape = f"files {order}"
    found = await wiring.files(context.reader).all(
        context.user.user_id,
        order,
        after=_position(page, shape),
        search=search,
        limit=page.limit + 1,
    )
    files, more = cut(found, page.limit)
    return Page(
        items=[FileOut.of(file) for file in files],
        next=_cursor(shape, files[-1]) if more else None,
    )


@router.get("/files/{id}", summary="Show a file")
async def get_file(file_id: FilePath, context: Context) -> FileOut:
    return FileOut.of(await _get(context, file_id))


@router.get(
    "/files/{id}/link", summary="Make a link that downloads the file, from the object store itself"
)
async def get_link(
    file_id: FilePath,
    context: Context,
    response: Response,
    expires_in: LinkSeconds = LINK_SECONDS,
) -> LinkOut:
    file = await _get(context, file_id)
    bucket = await wiring.bucket_of(context.resources, context.reader)
    life = timedelta(seconds=expires_in)
    response.headers["Cache-Control"] = "no-store"
    url = bucket.get_url(file.key, file_name=file.name, expires_in=life)
    return LinkOut(method="GET", url=url, expires_at=context.now() + life)


@router.delete(
    "/files/{id}",
    summary="Delete a file and give its space back",
    status_code=status.HTTP_204_NO_CONTENT,
)
async def delete_file(file_id: FilePath, context: Context) -> None:
    service = wiring.file_service(context.writer)
    await service.delete(context.user.user_id, FileId(file_id))


@router.get("/usage", summary="How much of the plan's storage is used")
async def get_usage(context: Context) -> UsageOut:
    space = await wiring.storage(context.reader).space()
    return UsageOut.of(space, await licence.plan_of(context.reader))


async def _get(context: Context, file_id: int) -> File:
    file = await wiring.files(context.reader).find(context.user.user_id, FileId(file_id))
    if file is None:
        raise NoSuchFileError(id=file_id)
    return file


def _cursor(shape: str, last: File) -> str:
    return cursor(shape, last.id, last.name, last.created_at.isoformat())


def _position(page: PageRequest, shape: str) -> Position | None:
    values = page.position(shape)
    if values is None:
        return None
    try:
        last, name, created_at = values
        return Position(int(last), str(name), datetime.fromisoformat(created_at).astimezone(UTC))
    except (TypeError, ValueError, OverflowError):
        raise CursorMalformedError from None
