"""The parts of an upload: through a node, or straight to the object store by a link."""

from datetime import timedelta
from typing import Annotated

from fastapi import Path, Request, Response

from blobs.uploads import UploadId as Handle
from portal.context import Context
from portal.modules.drive import wiring
from portal.modules.drive.routes.bodies import BYTES, chunks_of
from portal.modules.drive.routes.digests import AnnouncedSha256
from portal.modules.drive.routes.files import LINK_SECONDS, LinkSeconds
from portal.modules.drive.routes.uploads import UploadPath, get
from portal.modules.drive.schemas import LinkOut, PartOut
from portal.modules.drive.service.parts import Parts
from portal.unit import StreamingRoute
from portal.unit import router as make_router

router = make_router("/drive/uploads/{id}/parts/{number}", "drive", kind=StreamingRoute)

NumberPath = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.put("", summary="Send a part; sending it again replaces it", openapi_extra=BYTES)
async def put_part(
    upload_id: UploadPath,
    number: NumberPath,
    request: Request,
    context: Context,
    sha256: AnnouncedSha256,
) -> PartOut:
    async with context.reading() as session:
        upload = await get(context, session, upload_id)
        bucket = await wiring.bucket_of(context.resources, session)
    with wiring.slot(context):
        part = await Parts(bucket).put(upload, number, chunks_of(request), sha256)
    return PartOut(number=part.number, size=part.size)


@router.get("/link", summary="Make a link that takes the part, straight into the object store")
async def get_part_link(
    upload_id: UploadPath,
    number: NumberPath,
    context: Context,
    response: Response,
    expires_in: LinkSeconds = LINK_SECONDS,
) -> LinkOut:
    async with context.reading() as session:
        upload = await get(context, session, upload_id)
        bucket = await wiring.bucket_of(context.resources, session)
    life = timedelta(seconds=expires_in)
    stored = bucket.upload(upload.file.key, Handle(upload.handle))
    url = stored.part_url(number, size=upload.size_of(number), expires_in=life)
    response.headers["Cache-Control"] = "no-store"
    return LinkOut(method="PUT", url=url, expires_at=context.now() + life)
