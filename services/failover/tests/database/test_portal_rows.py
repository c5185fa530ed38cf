"""The rows of portals on a real server: never lowered, swept in batches, and nobody waits for a sweep."""

import asyncio
from collections.abc import Collection

from failover.database.portals import AT_ONCE, read
from failover.state import Fence
from kernel.ids import PortalId, new_portal_id

from .scene import Scene, Side

OPEN, CLOSED = Fence(3, is_open=True), Fence(3, is_open=False)
SHARED = "SELECT 1 FROM portico_fence.fence WHERE name = %s LOCK IN SHARE MODE"
QUICK_SECONDS = 20.0


async def rows_of(side: Side, portals: Collection[PortalId]) -> dict[PortalId, Fence]:
    return await read(side.database._eyes, portals)


async def test_a_row_is_written_and_never_lowered(scene: Scene) -> None:
    own, portal = scene.a.database, new_portal_id()
    assert await rows_of(scene.a, [portal]) == {}

    assert await own.set_portal_row(portal, OPEN) is not None
    assert await own.set_portal_row(portal, Fence(2, is_open=False)) is None

    assert await rows_of(scene.a, [portal]) == {portal: OPEN}
    assert await rows_of(scene.b, [portal]) == {}


async def test_closing_a_portal_waits_for_its_open_writer(scene: Scene) -> None:
    own, portal = scene.a.database, new_portal_id()
    assert await own.set_portal_row(portal, OPEN) is not None

    with scene.a.server.connect() as writer, writer.cursor() as cursor:
        writer.begin()
        cursor.execute(SHARED, (f"portal/{portal}",))
        assert await own.set_portal_row(portal, Fence(4, is_open=False)) is None
        writer.commit()

    assert await own.set_portal_row(portal, Fence(4, is_open=False)) is not None


async def test_a_sweep_raises_what_is_missing_or_older_and_nothing_else(scene: Scene) -> None:
    own = scene.a.database
    older, newer, equal, missing = (new_portal_id() for _ in range(4))
    for portal, fence in ((older, Fence(2, is_open=False)), (newer, Fence(4, is_open=True))):
        assert await own.set_portal_row(portal, fence) is not None
    assert await own.set_portal_row(equal, CLOSED) is not None

    assert await own.raise_portal_rows(dict.fromkeys((older, newer, equal, missing), OPEN))

    assert await rows_of(scene.a, [older, newer, equal, missing]) == {
        older: OPEN,
        newer: Fence(4, is_open=True),
        equal: CLOSED,
        missing: OPEN,
    }


async def test_a_sweep_waits_for_no_writer_of_a_row_that_is_right(scene: Scene) -> None:
    own, portal = scene.a.database, new_portal_id()
    assert await own.set_portal_row(portal, OPEN) is not None

    with scene.a.server.connect() as writer, writer.cursor() as cursor:
        writer.begin()
        cursor.execute(SHARED, (f"portal/{portal}",))
        async with asyncio.timeout(QUICK_SECONDS):
            assert await own.raise_portal_rows({portal: OPEN})
        writer.rollback()


async def test_a_sweep_of_many_portals(scene: Scene) -> None:
    rows = {PortalId(2**62 + number): OPEN for number in range(2 * AT_ONCE + 1)}

    assert await scene.a.database.raise_portal_rows(rows)

    assert await rows_of(scene.a, rows) == rows
    assert await scene.a.database.raise_portal_rows({})
    assert await rows_of(scene.a, []) == {}


async def test_a_raised_row_tells_what_was_logged_and_the_peer_when_it_shows_that(
    scene: Scene,
) -> None:
    scene.a.make_table()
    note = scene.a.write()

    logged = await scene.a.database.set_portal_row(new_portal_id(), OPEN)

    assert logged is not None
    assert await scene.b.database.has_applied(logged, QUICK_SECONDS)
    assert note in scene.b.notes()
    later = {site: number + 1 for site, number in logged.items()}
    assert not await scene.b.database.has_applied(later, 0.1)
