from datetime import UTC, datetime

import httpx
from sqlalchemy import bindparam, select, update

from blobs.bucket import Bucket
from db.statements import Statement
from jobs import queue
from jobs.outcomes import Again, Done
from jobs.queue import Job
from jobs.tables import jobs
from portal.context import RequestContext
from portal.modules.drive.domain import objects
from portal.modules.drive.jobs import STEPS
from portal.modules.drive.tables import drive_storage, drive_uploads
from portal.modules.drive.wiring import ERASE, SWEEP

OLD = datetime(2020, 1, 1, tzinfo=UTC)
FILES = "/api/v1/drive/files"
ALL_OF_KIND = Statement(
    select(jobs.c.id)
    .where(jobs.c.portal_id == bindparam("portal_id"), jobs.c.kind == bindparam("kind"))
    .order_by(jobs.c.id)
    .limit(100)
)
AGE_UPLOADS = Statement(
    update(drive_uploads)
    .where(drive_uploads.c.portal_id == bindparam("portal_id"))
    .values(expires_at=bindparam("at"))
)
AGE_DRIVE = Statement(
    update(drive_storage)
    .where(drive_storage.c.portal_id == bindparam("portal_id"))
    .values(changed_at=bindparam("at"))
)


async def planned(context: RequestContext, kind: str) -> list[Job]:
    async with context.reading() as session:
        found = [
            await queue.find(session, row[0]) for row in await session.all(ALL_OF_KIND, kind=kind)
        ]
    return [job for job in found if job is not None]


async def made(client: httpx.AsyncClient, name: str) -> int:
    answer = await client.post(FILES, params={"name": name}, content=b"x")
    return int(answer.json()["id"])


async def test_a_portal_in_use_is_swept_and_one_that_is_not_costs_nothing(
    client: httpx.AsyncClient, context: RequestContext
) -> None:
    assert await planned(context, SWEEP) == []
    for name in "ab":
        await made(client, name)
    assert len(await planned(context, SWEEP)) == 1


async def test_a_sweep_finds_orphans_and_touches_nothing_else(
    client: httpx.AsyncClient, context: RequestContext, bucket: Bucket
) -> None:
    kept = await made(client, "a")
    (known,) = (blob.key for blob in (await bucket.list()).blobs)
    young = objects.new_key(datetime.now(tz=UTC))
    orphans = [objects.new_key(OLD) for _ in range(3)]
    for key in (young, *orphans, "another/tool"):
        await bucket.put(key, b"x")
    (job,) = await planned(context, SWEEP)

    outcome = await STEPS[SWEEP](context, job)

    assert isinstance(outcome, Again)
    assert 86_000 < outcome.after_seconds <= 86_400
    assert {blob.key for blob in (await bucket.list()).blobs} == {known, young, "another/tool"}
    assert (await client.get(f"{FILES}/{kept}/content")).content == b"x"


async def test_a_sweep_looks_at_each_key_once(
    client: httpx.AsyncClient, context: RequestContext, bucket: Bucket
) -> None:
    await made(client, "a")
    (job,) = await planned(context, SWEEP)
    later = objects.new_key(datetime(2021, 1, 1, tzinfo=UTC))
    await bucket.put(later, b"x")
    await STEPS[SWEEP](context, job)
    await bucket.put(objects.new_key(OLD), b"x")  # cannot happen: keys name the present day
    before = len((await bucket.list()).blobs)
    await STEPS[SWEEP](context, job)
    assert len((await bucket.list()).blobs) == before


async def test_a_drive_that_rests_is_swept_no_more_until_it_changes(
    client: httpx.AsyncClient, context: RequestContext
) -> None:
    await made(client, "a")
    (job,) = await planned(context, SWEEP)
    async with context.writing() as session:
        await session.change(AGE_DRIVE, at=OLD)
    assert await STEPS[SWEEP](context, job) == Done()
    await made(client, "b")
    assert len(await planned(context, SWEEP)) == 2


async def test_an_expired_upload_gives_back_its_space_and_its_parts_go(
    client: httpx.AsyncClient, context: RequestContext
) -> None:
    body = {"name": "a", "size": 5}
    upload = (await client.post("/api/v1/drive/uploads", json=body)).json()["id"]
    url = f"/api/v1/drive/uploads/{upload}/parts/1"
    assert (await client.put(url, content=b"hello")).status_code == 200
    link = (await client.get(f"{url}/link")).json()["url"]
    async with context.writing() as session:
        await session.change(AGE_UPLOADS, at=OLD)
    (sweep,) = await planned(context, SWEEP)

    assert await STEPS[SWEEP](context, sweep) == Again(0.0)

    assert (await client.get("/api/v1/drive/usage")).json()["reserved"] == 0
    (erase,) = await planned(context, ERASE)
    for _ in range(2):  # the worker may do it, too
        assert await STEPS[ERASE](context, erase) == Done()
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.put(link, content=b"hello")).status_code == 404
