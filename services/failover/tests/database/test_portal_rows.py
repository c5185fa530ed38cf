"""The rows of portals on a real server: never lowered, swept in batches, and nobody waits for a sweep."""

import asyncio

from failover.database.portals import AT_ONCE
from failover.state import Fence
from kernel.ids import PortalId, new_portal_id

from .scene import Scene

OPEN, CLOSED = Fence(3, is_open=True), Fence(3, is_open=False)
SHARED = "SELECT 1 FROM portico_fence.fence WHERE name = %s LOCK IN SHARE MODE"
QUICK_SECONDS = 0.9


async def test_a_row_is_written_and_never_lowered(scene: Scene) -> None:
    own, portal = scene.a.database, new_portal_id()
    assert await own.portal_rows([portal]) == {}

    assert await own.set_portal_row(portal, OPEN)
    assert not await own.set_portal_row(portal, Fence(2, is_open=False))

    assert await own.portal_rows([portal]) == {portal: OPEN}
    assert await scene.b.database.portal_rows([portal]) == {}


async def test_closing_a_portal_waits_for_its_open_writer(scene: Scene) -> None:
    own, portal = scene.a.database, new_portal_id()
    assert await own.set_portal_row(portal, OPEN)

    with scene.a.server.connect() as writer, writer.cursor() as cursor:
        writer.begin()
        cursor.execute(SHARED, (f"portal/{portal}",))
        assert not await own.set_portal_row(portal, Fence(4, is_open=False))
        writer.commit()

    assert await own.set_portal_row(portal, Fence(4, is_open=False))


async def test_a_sweep_raises_what_is_missing_or_older_and_nothing_else(scene: Scene) -> None:
    own = scene.a.database
    older, newer, equal, missing = (new_portal_id() for _ in range(4))
    for portal, fence in ((older, Fence(2, is_open=False)), (newer, Fence(4, is_open=True))):
        assert await own.set_portal_row(portal, fence)
    assert await own.set_portal_row(equal, CLOSED)

    assert await own.raise_portal_rows(dict.fromkeys((older, newer, equal, missing), OPEN))

    assert await own.portal_rows([older, newer, equal, missing]) == {
        older: OPEN,
        newer: Fence(4, is_open=True),
        equal: CLOSED,
        missing: OPEN,
    }


async def test_a_sweep_waits_for_no_writer_of_a_row_that_is_right(scene: Scene) -> None:
    own, portal = scene.a.database, new_portal_id()
    assert await own.set_portal_row(portal, OPEN)

    with scene.a.server.connect() as writer, writer.cursor() as cursor:
        writer.begin()
        cursor.execute(SHARED, (f"portal/{portal}",))
        async with asyncio.timeout(QUICK_SECONDS):
            assert await own.raise_portal_rows({portal: OPEN})
        writer.rollback()


async def test_a_sweep_of_many_portals(scene: Scene) -> None:
    rows = {PortalId(2**62 + number): OPEN for number in range(2 * AT_ONCE + 1)}

    assert await scene.a.database.raise_portal_rows(rows)

    assert await scene.a.database.portal_rows(rows) == rows
    assert await scene.a.database.raise_portal_rows({})
    assert await scene.a.database.portal_rows([]) == {}
