"""Files go up and come down, each in one request of any length."""

from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import Path, Query, Request, Response, status
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from blobs import naming
from blobs.bucket import Bucket
from db.sessions import WriteSession
from kernel.errors import TooLargeError
from portal import idempotency
from portal.context import Context
from portal.idempotency import Key
from portal.modules.drive import wiring
from portal.modules.drive.contracts import FileId
from portal.modules.drive.domain import media, names, objects
from portal.modules.drive.domain.files import LARGEST_FILE, File, NewFile
from portal.modules.drive.errors import NoSuchFileError
from portal.modules.drive.routes.bodies import BYTES, chunks_of, declared_size
from portal.modules.drive.routes.digests import AnnouncedSha256, repr_digest
from portal.modules.drive.routes.ranges import ByteRange, asked_range, is_known
from portal.modules.drive.schemas import FileOut, Name, OnConflict, RowId
from portal.modules.drive.service.admission import SMALL_BYTES, admit, within
from portal.modules.drive.service.receiving import Pending, erase, receive, undone_unless_kept
from portal.unit import StreamingRoute, transaction
from portal.unit import router as make_router

router = make_router("/drive/files", "drive", kind=StreamingRoute)

# Beyond this the bytes cost more, here and on their way through us, than one more request of the client
REDIRECTED_BYTES = 256 * 1024
REDIRECTED_FOR = timedelta(minutes=5)  # to begin a download, not to finish it
DESCRIBING = ("content-length", "content-digest", "repr-digest", "x-content-sha256")


@router.post(
    "",
    summary="Upload a file in one request; its body is the contents, up to 5 GiB",
    status_code=status.HTTP_201_CREATED,
    response_model=FileOut,
    openapi_extra=BYTES,
)
async def upload_file(
    request: Request,
    context: Context,
    sha256: AnnouncedSha256,
    name: Annotated[Name, Query(description="of the file, in any alphabet")],
    on_conflict: OnConflict = "refuse",
) -> Response:
    size = declared_size(request)
    draft = NewFile(
        owner=context.user.user_id,
        name=names.checked(name),
        size=size or 0,
        content_type=media.content_type_of(request.headers.get("content-type", ""), name),
        sha256=sha256,
        key=objects.new_key(context.now()),
        may_rename=on_conflict == "rename",
    )
    if draft.size > LARGEST_FILE:
        raise TooLargeError(limit=LARGEST_FILE)
    key = idempotency.key_of_stream(request, context.identity, _description(request))
    chunks = chunks_of(request)
    with wiring.slot(context):
        async with context.reading() as session:
            answered = await idempotency.find_answer(session, key)
            if answered is not None:
                return answered
            if size is None or size > SMALL_BYTES:
                require_room = await wiring.room(session)
                await admit(wiring.files(session), draft, require_room)
                chunks = within(chunks, require_room)
            bucket = await wiring.bucket_of(context.resources, session)
        file = await receive(bucket, draft, chunks)
    async with undone_unless_kept(partial(erase, bucket, file.key)) as contents:
        return await transaction(context, partial(_keep, key, file, contents))


@router.get(
    "/{id}/content",
    summary="Download a file, or a range of it",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"*/*": {}}},
        206: {"content": {"*/*": {}}},
        304: {},
        307: {"description": "the object store has it: the same request there, without the token"},
    },
)
async def download_file(
    request: Request,
    context: Context,
    file_id: Annotated[RowId, Path(alias="id")],
    redirect: Annotated[bool, Query(description="large files come from the object store")] = True,  # noqa: FBT002  # a query parameter
) -> Response:
    async with context.reading() as session:
        file = await wiring.files(session).find(context.user.user_id, FileId(file_id))
        if file is None:
            raise NoSuchFileError(id=file_id)
        bucket = await wiring.bucket_of(context.resources, session)
    etag = f'"{objects.version_of(file.key)}"'
    if is_known(request.headers, etag):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
    asked = asked_range(request.headers, etag, file.size)
    is_reachable = context.resources.settings.s3_public_url is not None
    if redirect and is_reachable and file.size >= REDIRECTED_BYTES:
        return _redirection(bucket, file)
    return _Contents(bucket, file, asked, _headers(file, etag))


class _Contents(StreamingResponse):
    """Contents on their way: the store's answer is there before ours begins, so its failure is ours."""

    def __init__(
        self, bucket: Bucket, file: File, asked: ByteRange | None, headers: dict[str, str]
    ) -> None:
        self._bucket = bucket
        self._key = file.key
        self._range = asked.asked if asked else None
        headers["Content-Length"] = str(asked.length if asked else file.size)
        if asked:
            headers["Content-Range"] = asked.answered
        code = status.HTTP_206_PARTIAL_CONTENT if asked else status.HTTP_200_OK
        super().__init__((), code, headers)

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._bucket.get(self._key, byte_range=self._range) as download:
            self.body_iterator = download.chunks()
            await super().__call__(scope, receive, send)


def _description(request: Request) -> bytes:
    """Return what tells this upload from another as far as can be known before it is read."""
    told = (f"{name}: {request.headers.get(name, '')}" for name in DESCRIBING)
    return "\n".join((request.url.query, *told)).encode()


async def _keep(
    key: Key | None, new: NewFile, contents: Pending, session: WriteSession
) -> Response:
    async def add() -> Response:
        file = await wiring.file_service(session).add(new)
        contents.keep()
        body = FileOut.of(file).model_dump_json()
        return Response(body, status.HTTP_201_CREATED, media_type="application/json")

    return await idempotency.once(session, key, add)


def _redirection(bucket: Bucket, file: File) -> Response:
    """Send the client to the store, its range too: contents never change, so ``If-Range`` holds there."""
    shown = media.is_harmless(file.content_type)
    url = bucket.get_url(file.key, file_name=file.name, expires_in=REDIRECTED_FOR, is_shown=shown)
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(url, headers=headers)


def _headers(file: File, etag: str) -> dict[str, str]:
    shown = media.is_harmless(file.content_type)
    headers = {
        "Content-Type": file.content_type,  # as it is: a charset would be a guess
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": naming.inline(file.name) if shown else naming.attachment(file.name),
        "X-Content-Type-Options": "nosniff",
    }
    if file.sha256 is not None:
        headers["Repr-Digest"] = repr_digest(file.sha256)
    return headers
