"""A storage that hangs, dies or lies costs an error in time, and leaves nothing behind."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from yarl import URL

from blobs.bucket import Bucket
from blobs.errors import ChecksumMismatchError, StorageTimeoutError, StorageUnavailableError
from blobs.keys import Account
from blobs.provisioning import RadosGateway
from blobs.store import Store, connect
from blobs.uploads import PART_BYTES
from blobs.wire import Timeouts
from kernel.ids import PortalId
from testkit.contents import is_empty, random_bytes, read, stream, zeros
from testkit.s3 import Gateway, running

# of a call that would otherwise wait for ever; a second or two on a quiet machine
SOON_SECONDS = 12.0


class Cable:
    """Stands between us and the gateway, and goes wrong as told."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = URL(gateway.url)
        self.url = ""
        self.drops = 0  # connections still to be closed at once
        self.cut_after: int | None = None  # bytes of an answer
        self.damage = (b"", b"")  # what is sent, and what arrives

    @asynccontextmanager
    async def plugged_in(self) -> AsyncIterator["Cable"]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self

    async def _connected(self, near: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        if self.drops:
            self.drops -= 1
            out.close()
            return
        far, on = await asyncio.open_connection(self._gateway.host, self._gateway.port)
        with suppress(ConnectionError):
            await asyncio.gather(self._forward(near, on), self._answer(far, out))
        for writer in (on, out):
            writer.close()

    async def _forward(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            target.write(data.replace(*self.damage) if self.damage[0] else data)
            await target.drain()
        target.close()

    async def _answer(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        passed = 0
        while data := await source.read(65_536):
            target.write(data)
            passed += len(data)
            if self.cut_after is not None and passed > self.cut_after:
                target.transport.abort()
                return
            await target.drain()
        target.close()


@pytest.fixture
async def cable(s3: Gateway) -> AsyncIterator[Cable]:
    async with Cable(s3).plugged_in() as cable:
        yield cable


@pytest.fixture
async def bucket_by_cable(cable: Cable, account: Account) -> AsyncIterator[Bucket]:
    async with connect(cable.url) as store:
        yield Bucket(store, account)


@pytest.fixture
def impatient(impatient_store: Store, account: Account) -> Bucket:
    """The test's bucket, over connections that wait a second, and two for a whole call."""
    return Bucket(impatient_store, account)


def connections_in_use(store: Store) -> int:
    connector = store.wire._session.connector
    assert connector is not None
    return len(connector._acquired)


async def read_in_the_end(bucket: Bucket, key: str) -> bytes:
    """Read over connections that wait a second, which is too little on a busy machine now and then."""
    async with asyncio.timeout(30):
        while True:
            with suppress(StorageTimeoutError):
                return await read(bucket, key)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda b: b.put("file", b"contents"), id="put"),
        pytest.param(lambda b: b.put("file", bytes(PART_BYTES)), id="put much"),
        pytest.param(lambda b: b.put_stream("file", zeros(2 * PART_BYTES)), id="stream"),
        pytest.param(lambda b: read(b, "there"), id="get"),
        pytest.param(lambda b: b.head("there"), id="head"),
        pytest.param(lambda b: b.list(), id="list"),
        pytest.param(lambda b: b.delete("there"), id="delete"),
    ],
)
async def test_a_storage_that_hangs_is_an_error_in_time(
    s3: Gateway,
    bucket: Bucket,
    impatient: Bucket,
    impatient_store: Store,
    call: Callable[[Bucket], Awaitable[object]],
) -> None:
    await bucket.put("there", b"contents")
    tasks_before = asyncio.all_tasks()

    with s3.frozen():
        began = time.monotonic()
        with pytest.raises(StorageTimeoutError):
            await call(impatient)
        assert time.monotonic() - began < SOON_SECONDS

    assert connections_in_use(impatient_store) == 0
    if ending := asyncio.all_tasks() - tasks_before:  # a cancelled one needs a turn of the loop
        assert not (await asyncio.wait(ending, timeout=10))[1]
    assert await read_in_the_end(impatient, "there") == b"contents"


async def test_a_storage_that_hangs_in_the_middle_of_a_download_is_an_error_in_time(
    s3: Gateway, bucket: Bucket, impatient: Bucket, impatient_store: Store
) -> None:
    await bucket.put_stream("file", zeros(64_000_000))

    async def download() -> None:
        async with impatient.get("file") as file:
            chunks = file.chunks()
            await anext(chunks)
            with s3.frozen():
                async for _ in chunks:
                    pass

    with pytest.raises(StorageTimeoutError):
        await asyncio.wait_for(download(), 30)

    assert connections_in_use(impatient_store) == 0


async def test_a_storage_that_is_away_is_an_error_and_back_is_well(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        async with connect(gateway.url) as store:
            account = await RadosGateway(store, gateway.admin).create(PortalId(1))
            bucket = Bucket(store, account)
            await bucket.put("file", b"contents")

            gateway.kill()
            for call in (bucket.head("file"), bucket.put("file", b"x"), read(bucket, "file")):
                with pytest.raises(StorageUnavailableError):
                    await call
            gateway.start()

            assert await read(bucket, "file") == b"contents"


@pytest.mark.parametrize("drops", [1, 2])
async def test_a_dropped_connection_is_tried_again(
    cable: Cable, bucket_by_cable: Bucket, drops: int
) -> None:
    cable.drops = drops
    await bucket_by_cable.put("file", b"contents")
    cable.drops = drops
    assert (await bucket_by_cable.head("file")).size == 8
    assert await read(bucket_by_cable, "file") == b"contents"


async def test_trying_again_has_an_end(cable: Cable, bucket_by_cable: Bucket) -> None:
    cable.drops = 1_000
    for call in (bucket_by_cable.put("file", b"contents"), bucket_by_cable.head("file")):
        before = cable.drops
        with pytest.raises(StorageUnavailableError):
            await call
        assert (
            before - cable.drops <= 6
        )  # three attempts; aiohttp opens a fresh connection for some


async def test_a_download_cut_in_the_middle_is_an_error_not_a_short_file(
    cable: Cable, bucket_by_cable: Bucket
) -> None:
    data = random_bytes(5_000_000)
    await bucket_by_cable.put("file", data)

    received = b""

    async def download() -> None:
        nonlocal received
        async with bucket_by_cable.get("file") as file:
            async for chunk in file.chunks():
                received += chunk

    cable.cut_after = 3_000_000
    with pytest.raises(StorageUnavailableError):
        await download()
    cable.cut_after = None

    received += await read(bucket_by_cable, "file", f"bytes={len(received)}-")
    assert received == data


async def test_bytes_damaged_on_the_way_are_not_stored(
    cable: Cable, bucket_by_cable: Bucket
) -> None:
    cable.damage = (b"contents", b"c0ntents")
    with pytest.raises(ChecksumMismatchError):
        await bucket_by_cable.put("file", b"contents")
    upload = await bucket_by_cable.begin_upload("parts")
    with pytest.raises(ChecksumMismatchError):
        await upload.put_part(1, b"contents")

    assert await upload.parts() == []
    assert (await bucket_by_cable.list()).blobs == ()


async def test_a_reader_may_be_slower_than_the_storage_may_be_silent(
    s3: Gateway, bucket: Bucket, account: Account
) -> None:
    await bucket.put_stream("file", zeros(64_000_000))

    received, silence = 0, 4.0
    async with (
        connect(s3.url, Timeouts(silence=silence)) as store,
        Bucket(store, account).get("file") as file,
    ):
        async for chunk in file.chunks():
            if not received:
                await asyncio.sleep(silence + 1)
            received += len(chunk)

    assert received == 64_000_000


async def test_a_source_that_fails_leaves_nothing(bucket: Bucket) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for chunk in zeros(3 * PART_BYTES):
            yield chunk
        raise EOFError("the client hung up")

    with pytest.raises(EOFError):
        await bucket.put_stream("file", broken())
    assert await is_empty(bucket)


async def test_a_cancelled_stream_leaves_nothing(bucket: Bucket) -> None:
    half_way = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        async for chunk in stream(random_bytes(2 * PART_BYTES)):
            yield chunk
        half_way.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(bucket.put_stream("file", stalled()))
    await half_way.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await is_empty(bucket)


async def test_a_cancelled_call_gives_its_connection_back(
    s3: Gateway, bucket: Bucket, account: Account
) -> None:
    await bucket.put_stream("file", zeros(64_000_000))

    async with connect(s3.url) as store:
        own = Bucket(store, account)
        async with own.get("file") as file:
            await anext(file.chunks())
        task = asyncio.create_task(own.put("other", bytes(PART_BYTES)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert connections_in_use(store) == 0


async def test_slow_downloads_never_hold_up_the_small_calls(
    s3: Gateway, bucket: Bucket, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bucket.put_stream("file", zeros(64_000_000))
    monkeypatch.setattr("blobs.store.TRANSFERS", 2)
    async with connect(s3.url, Timeouts(connect=3.0)) as narrow, AsyncExitStack() as downloads:
        crowded = Bucket(narrow, account)
        for _ in range(2):
            file = await downloads.enter_async_context(crowded.get("file"))
            await anext(file.chunks())

        with pytest.raises(StorageTimeoutError):
            await read(crowded, "file")
        assert (await crowded.head("file")).size == 64_000_000


async def test_a_full_storage_refuses_in_time_and_still_reads(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        async with connect(gateway.url, Timeouts(silence=30.0)) as store:
            account = await RadosGateway(store, gateway.admin).create(PortalId(1))
            bucket = Bucket(store, account)
            await bucket.put("there", bytes(4_000_000))
            with gateway.full():
                writes = (bucket.put("file", b"contents"), bucket.begin_upload("file"))
                started_at = time.monotonic()
                found = await asyncio.gather(*writes, return_exceptions=True)
                seconds = time.monotonic() - started_at
                assert [type(error) for error in found] == [StorageTimeoutError] * 2
                assert seconds < 25  # the gateway's own limit, not ours
                assert len(await read(bucket, "there")) == 4_000_000
