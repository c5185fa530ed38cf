"""One portal's bucket."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from blobs.checksums import digest_of, require_equal
from blobs.keys import Account
from blobs.naming import attachment, inline
from blobs.objects import Blob, Download, Page, Stored
from blobs.slicing import in_parts
from blobs.store import Place, Store
from blobs.uploads import PART_BYTES, Part, Upload, UploadId
from blobs.wire import Data, Request

BINARY = "application/octet-stream"
PAGE_KEYS = 1000


class Bucket:
    """The bucket of one portal, opened with the portal's own key; costs nothing to make.

    Every method may raise ``StorageUnavailableError`` and, for a wrong key, ``AccessDeniedError``.
    """

    def __init__(self, store: Store, account: Account) -> None:
        self._place = Place(store, account)

    @override
    def __repr__(self) -> str:
        return f"Bucket({self._place.account.bucket})"

    async def put(
        self, key: str, data: Data, *, sha256: str | None = None, content_type: str = BINARY
    ) -> Stored:
        """Store an object of at most some MiB; ``sha256`` in hex is what the sender announced.

        The store checks the digest again. After ``StorageUnavailableError`` all or nothing is there; after
        any other error, nothing.
        """
        found = await digest_of(data)
        require_equal(sha256, found)
        return await self._put(key, data, found, content_type)

    async def put_stream(
        self,
        key: str,
        chunks: AsyncIterable[bytes],
        *,
        sha256: str | None = None,
        limit: int | None = None,
        content_type: str = BINARY,
    ) -> Stored:
        """Store a stream of any length, with one part of 8 MiB in memory.

        More than ``limit`` bytes is a ``TooLargeError``. After ``StorageUnavailableError`` or a
        cancellation all or nothing is there; after any other error, nothing. Parts are dropped either
        way; a process that dies leaves them to the sweep.
        """
        whole = hashlib.sha256()
        cut = in_parts(chunks, PART_BYTES, whole, limit)
        async with aclosing(cut) as parts, AsyncExitStack() as undo:
            part = await anext(parts, bytearray())
            if len(part) < PART_BYTES:
                require_equal(sha256, whole.hexdigest())
                return await self._put(key, part, whole.hexdigest(), content_type)
            upload = await self.begin_upload(key, content_type=content_type)
            undo.push_async_callback(upload.abandon)
            there: list[Part] = []
            while part:
                there.append(await upload.put_part(len(there) + 1, part))
                del part  # the next one takes its room
                part = await anext(parts, bytearray())
            require_equal(sha256, whole.hexdigest())
            size = sum(part.size for part in there)
            await upload.complete_of(there, size)
            undo.pop_all()
            return Stored(size, whole.hexdigest())

    @asynccontextmanager
    async def get(self, key: str, *, byte_range: str | None = None) -> AsyncIterator[Download]:
        """Open an object; ``byte_range`` is the value of a ``Range`` header, ``bytes=0-99``.

        ``async with bucket.get(key) as file: async for chunk in file.chunks(): ...``
        """
        headers = {"Range": byte_range} if byte_range else {}
        request = Request("GET", self._place.target(key), headers=headers)
        async with await self._place.send(request) as answer:
            yield Download(answer)

    async def verify(self, key: str, sha256: str) -> None:
        """Read an object back and raise ``ChecksumMismatchError`` unless it has this SHA-256."""
        whole = hashlib.sha256()
        async with self.get(key) as file:
            async for chunk in file.chunks():
                whole.update(chunk)
        require_equal(sha256, whole.hexdigest())

    async def head(self, key: str) -> Blob:
        """Describe an object."""
        head = await self._place.call("head_object", Key=key)
        return Blob(key, head["ContentLength"], head["ETag"], head["LastModified"].astimezone(UTC))

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        await self._place.call("delete_object", Key=key)

    async def list(self, *, prefix: str = "", after: str = "", limit: int = PAGE_KEYS) -> Page:
        """Return at most ``limit`` (1,000) objects whose keys follow ``after``."""
        answer = await self._place.call(
            "list_objects_v2", Prefix=prefix, StartAfter=after, MaxKeys=limit
        )
        blobs = tuple(
            Blob(one["Key"], one["Size"], one["ETag"], one["LastModified"].astimezone(UTC))
            for one in answer.get("Contents", ())
        )
        return Page(blobs, blobs[-1].key if answer["IsTruncated"] else None)

    async def begin_upload(self, key: str, *, content_type: str = BINARY) -> Upload:
        """Begin an upload in parts to a key that nothing else is written to."""
        answer = await self._place.call(
            "create_multipart_upload", Key=key, ContentType=content_type
        )
        return self.upload(key, UploadId(answer["UploadId"]))

    def upload(self, key: str, upload: UploadId) -> Upload:
        """Return an upload begun before, by this process or another."""
        return Upload(self._place, key, upload)

    async def sweep(self, *, begun_before: datetime) -> int:
        """Abort the uploads that began before, and return how many: people resume within days."""
        swept = 0
        after: dict[str, str] | None = {}
        while after is not None:
            page = await self._place.call("list_multipart_uploads", **after)
            for one in page.get("Uploads", ()):
                if one["Initiated"] < begun_before:
                    await self.upload(one["Key"], one["UploadId"]).abort()
                    swept += 1
            markers = ("KeyMarker", "UploadIdMarker")
            after = {m: page[f"Next{m}"] for m in markers} if page["IsTruncated"] else None
        return swept

    def get_url(
        self, key: str, *, file_name: str, expires_in: timedelta, is_shown: bool = False
    ) -> str:
        """Return a URL whose bearer may download this one object as ``file_name``, shown or saved."""
        disposition = inline(file_name) if is_shown else attachment(file_name)
        target = self._place.target(key, **{"response-content-disposition": disposition})
        return self._place.presigned(Request("GET", target), expires_in)

    def put_url(self, key: str, *, size: int, expires_in: timedelta) -> str:
        """Return a URL whose bearer may store this one object, of exactly ``size`` bytes."""
        request = Request("PUT", self._place.target(key), headers={"Content-Length": str(size)})
        return self._place.presigned(request, expires_in)

    async def _put(self, key: str, data: Data, sha256: str, content_type: str) -> Stored:
        target = self._place.target(key)
        request = Request("PUT", target, data, sha256, {"Content-Type": content_type})
        async with await self._place.send(request):
            return Stored(len(data), sha256)
