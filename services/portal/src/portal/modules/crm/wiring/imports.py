"""Builds what imports need: the portal's bucket, and transactions of their own."""

import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial

from blobs.bucket import Bucket
from blobs.errors import BlobNotFoundError
from db.sessions import ReadSession, WriteSession
from jobs.queue import Job
from portal.context import RequestContext
from portal.modules.crm.domain.importing.order import Import
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.errors import FileRefusedError
from portal.modules.crm.repository.imports import KIND, ImportRepository, ImportStore, to_domain
from portal.modules.crm.repository.leads import LeadStore
from portal.modules.crm.service.imports import ImportStep, Work
from portal.modules.crm.service.receiving import receive
from portal.modules.crm.wiring.lists import lists_of
from portal.modules.drive import facade as drive

STEP_SECONDS = 2.0


def imports(session: ReadSession) -> ImportRepository:
    """Return the imports of the session's portal, to read."""
    return ImportRepository(session)


def import_store(session: WriteSession) -> ImportStore:
    """Return the imports of the session's portal, to change."""
    return ImportStore(session)


async def bucket_of(context: RequestContext, session: ReadSession) -> Bucket:
    """Return the portal's bucket, where files wait to be imported."""
    return await drive.bucket_of(context.resources, session)


def slot(context: RequestContext) -> AbstractContextManager[None]:
    """Take one of this node's slots for uploads: a file on its way needs as much memory as any."""
    return drive.slot(context)


async def import_step(context: RequestContext, job: Job) -> ImportStep:
    """Return the next step of an import."""
    async with context.reading() as session:
        bucket = await drive.bucket_of(context.resources, session)
        lists = await lists_of(session)
    running = to_domain(job)
    ends_at = time.monotonic() + STEP_SECONDS
    return ImportStep(
        running=running,
        lists=lists,
        read=partial(_read, bucket, running.order.key),
        remove_file=partial(bucket.delete, running.order.key),
        transaction=partial(_transaction, context, running, lists),
        time_is_up=lambda: time.monotonic() > ends_at,
    )


async def _read(bucket: Bucket, key: str, offset: int, size: int) -> bytes:
    try:
        async with bucket.get(key, byte_range=f"bytes={offset}-{offset + size - 1}") as piece:
            return await piece.read()
    except BlobNotFoundError:
        raise FileRefusedError("import-file-gone") from None


@asynccontextmanager
async def _transaction(
    context: RequestContext, running: Import, lists: PortalLists
) -> AsyncIterator[Work]:
    async with context.writing() as session:
        session.actor = running.created_by  # who asked for it has created the leads
        yield Work(ImportStore(session), LeadStore(session, lists), session.publish)


__all__ = ["KIND", "bucket_of", "import_step", "import_store", "imports", "receive", "slot"]
