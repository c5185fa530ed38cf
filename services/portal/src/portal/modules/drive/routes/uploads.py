"""Uploads in parts: begin, see what is there, complete, give up."""

from functools import partial
from typing import Annotated

from fastapi import Path, Request, Response, status

from blobs.errors import UploadNotFoundError
from blobs.uploads import PART_BYTES
from db.sessions import ReadSession, WriteSession
from portal import idempotency
from portal.context import Context, RequestContext
from portal.idempotency import Key
from portal.modules.drive import wiring
from portal.modules.drive.contracts import UploadId
from portal.modules.drive.domain import media, names, objects
from portal.modules.drive.domain.files import NewFile
from portal.modules.drive.domain.uploads import Upload
from portal.modules.drive.schemas import (
    FileOut,
    OnConflict,
    RowId,
    UploadDetailOut,
    UploadIn,
    UploadOut,
)
from portal.modules.drive.service.admission import admit
from portal.modules.drive.service.parts import Parts
from portal.modules.drive.service.receiving import Pending, undone_unless_kept
from portal.paging import Page, Paging, cursor, cut
from portal.unit import StreamingRoute, transaction
from portal.unit import router as make_router

router = make_router("/drive/uploads", "drive")
slow_router = make_router("/drive/uploads", "drive", kind=StreamingRoute)

UploadPath = Annotated[RowId, Path(alias="id")]


@slow_router.post(
    "",
    summary="Begin an upload in parts",
    status_code=status.HTTP_201_CREATED,
    response_model=UploadOut,
)
async def begin_upload(body: UploadIn, request: Request, context: Context) -> Response:
    draft = NewFile(
        owner=context.user.user_id,
        name=names.checked(body.name),
        size=body.size,
        content_type=media.content_type_of(body.content_type, body.name),
        sha256=body.sha256 and body.sha256.lower(),
        key=objects.new_key(context.now()),
        may_rename=body.on_conflict == "rename",
    )
    key = await idempotency.key_of(request, context.identity)
    async with context.reading() as session:
        answered = await idempotency.find_answer(session, key)
        if answered is not None:
            return answered
        await admit(wiring.files(session), draft, await wiring.room(session))
        bucket = await wiring.bucket_of(context.resources, session)
    begun = await bucket.begin_upload(draft.key, content_type=draft.content_type)
    async with undone_unless_kept(begun.abandon) as pending:
        return await transaction(context, partial(_keep, key, draft, begun.id, pending))


@router.get("", summary="List your unfinished uploads")
async def list_uploads(context: Context, page: Paging) -> Page[UploadOut]:
    found = await wiring.uploads(context.reader).all_open(
        context.user.user_id,
        context.now(),
        after=page.after_id("uploads"),
        limit=page.limit + 1,
    )
    uploads, more = cut(found, page.limit)
    return Page(
        items=[UploadOut.of(upload) for upload in uploads],
        next=cursor("uploads", uploads[-1].id) if more else None,
    )


@slow_router.get("/{id}", summary="Show an upload and which of its parts are there")
async def get_upload(upload_id: UploadPath, context: Context) -> UploadDetailOut:
    async with context.reading() as session:
        upload = await get(context, session, upload_id)
        bucket = await wiring.bucket_of(context.resources, session)
    present = await Parts(bucket).present(upload)
    return UploadDetailOut(**UploadOut.of(upload).model_dump(), present=present)


@slow_router.post(
    "/{id}/completion",
    summary="Make a file of an upload; again, answer the same",
    status_code=status.HTTP_201_CREATED,
)
async def complete_upload(
    upload_id: UploadPath, context: Context, on_conflict: OnConflict = "refuse"
) -> FileOut:
    async with context.reading() as session:
        upload = await get(context, session, upload_id)
        bucket = await wiring.bucket_of(context.resources, session)
    completion = wiring.completion(context, bucket, may_rename=on_conflict == "rename")
    with wiring.slot(context):  # to check the whole is to read it all
        return FileOut.of(await completion.complete(upload))


@router.delete("/{id}", summary="Give an upload up", status_code=status.HTTP_204_NO_CONTENT)
async def cancel_upload(upload_id: UploadPath, context: Context) -> None:
    service = wiring.upload_service(context.writer)
    await service.cancel(context.user.user_id, UploadId(upload_id))


async def get(context: RequestContext, session: ReadSession, upload_id: int) -> Upload:
    """Return the person's upload."""
    owner, now = context.user.user_id, context.now()
    upload = await wiring.uploads(session).find(owner, UploadId(upload_id), now)
    if upload is None:
        raise UploadNotFoundError(id=upload_id)
    return upload


async def _keep(
    key: Key | None, draft: NewFile, handle: str, pending: Pending, session: WriteSession
) -> Response:
    async def begin() -> Response:
        upload = await wiring.upload_service(session).begin(draft, handle, PART_BYTES)
        pending.keep()
        body = UploadOut.of(upload).model_dump_json()
        return Response(body, status.HTTP_201_CREATED, media_type="application/json")

    return await idempotency.once(session, key, begin)
