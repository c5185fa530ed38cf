"""Changes of records: one of two wins, only a leader's count, what is not ours is kept."""

import asyncio
from dataclasses import replace

import orjson
import pytest

from etcd import Client, Put
from failover.control import keys
from failover.control.look import Record
from failover.control.portal_wire import portal_from_json, portal_to_json
from failover.control.store import KEPT_DECISIONS, NotLeadingError, Store
from failover.portals import Portal

from .stage import PAIR, PORTAL, PORTAL_RECORD, WITNESS, A, B, Stage


async def become_leader(client: Client, site: str = WITNESS) -> int:
    value = orjson.dumps({"site": site, "url": f"http://{site}"})
    return (await client.txn((), [Put(keys.LEADER, value)])).revision


async def read(stage: Stage) -> Record:
    return (await stage.sites[WITNESS].sight.look()).records[PAIR]


async def test_of_two_controllers_over_one_revision_one_changes_the_record(stage: Stage) -> None:
    leader, record = await become_leader(stage.client), await read(stage)
    stores = [Store(stage.client, A), Store(stage.client, B)]
    afters = [replace(record.pair, away=site) for site in (A, B)]

    revisions = await asyncio.gather(
        *(s.change(PAIR, record, a, "test", leader) for s, a in zip(stores, afters, strict=True))
    )

    assert sorted(revision is None for revision in revisions) == [False, True]
    winner = afters[next(n for n, revision in enumerate(revisions) if revision is not None)]
    assert (await stage.pair()).away == winner.away


async def test_a_controller_that_lost_its_key_changes_nothing(stage: Stage) -> None:
    old, record = await become_leader(stage.client), await read(stage)
    await become_leader(stage.client, A)

    store = Store(stage.client, WITNESS)
    assert await store.change(PAIR, record, replace(record.pair, away=A), "late", old) is None
    portal = (await stage.sites[WITNESS].sight.portals([PORTAL]))[PORTAL]
    assert await store.change_portal(portal, Portal(B, 4), record.pair, old) is None

    assert await stage.pair() == record.pair
    assert await stage.json(keys.portal_key(PORTAL)) == PORTAL_RECORD


async def test_who_does_not_lead_has_no_revision_to_compare(stage: Stage) -> None:
    record = await read(stage)

    with pytest.raises(NotLeadingError):
        await Store(stage.client, A).change(PAIR, record, record.pair, "nobody leads", 0)


async def test_a_change_and_its_sentence_are_one(stage: Stage) -> None:
    leader, record = await become_leader(stage.client), await read(stage)
    after = replace(record.pair, term=2)

    revision = await Store(stage.client, A, lambda: 12.5).change(PAIR, record, after, "why", leader)

    entries = await Store(stage.client, B).decisions(PAIR)
    assert entries == [{"at": 12.5, "by": A, "term": 2, "mode": "SYNC", "why": "why"}]
    assert (await stage.json(keys.pair_key(PAIR)))["note"] == "kept"
    assert (await stage.pair()).revision == revision


async def test_the_last_decisions_are_kept(stage: Stage) -> None:
    leader, store = await become_leader(stage.client), Store(stage.client, A)
    for number in range(KEPT_DECISIONS + 3):
        record = await read(stage)
        assert await store.change(PAIR, record, record.pair, f"number {number}", leader)

    entries = await store.decisions(PAIR)

    assert len(entries) == KEPT_DECISIONS
    assert entries[-1]["why"] == f"number {KEPT_DECISIONS + 2}"


async def test_a_portal_is_indexed_exactly_while_it_moves(stage: Stage) -> None:
    leader, record = await become_leader(stage.client), await read(stage)
    store, sight = Store(stage.client, WITNESS), stage.sites[WITNESS].sight
    portal = (await sight.portals([PORTAL]))[PORTAL]
    leaving = replace(portal.portal, epoch=4, is_draining=True, target=B, until_at=9.0)

    assert await store.change_portal(portal, leaving, record.pair, leader)
    look = await sight.look()
    assert look.moving == (PORTAL,)
    assert look.portals[PORTAL].portal == leaving

    back = Portal(A, 5, until_at=9.0)
    assert await store.change_portal(look.portals[PORTAL], back, record.pair, leader)
    assert (await sight.look()).moving == ()
    assert await stage.json(keys.portal_key(PORTAL)) == {**PORTAL_RECORD, "epoch": 5}


async def test_a_portal_is_not_changed_when_its_pair_was(stage: Stage) -> None:
    leader, record = await become_leader(stage.client), await read(stage)
    store = Store(stage.client, WITNESS)
    portal = (await stage.sites[WITNESS].sight.portals([PORTAL]))[PORTAL]
    await store.change(PAIR, record, replace(record.pair, term=2), "meanwhile", leader)

    assert await store.change_portal(portal, Portal(B, 4), record.pair, leader) is None


@pytest.mark.parametrize(
    "portal",
    [
        Portal(A, 3),
        Portal(A, 4, is_draining=True, target=B, until_at=12.5),
        Portal(B, 5, is_draining=True, until_at=12.5),
        Portal(B, 5, is_suspended=True),
    ],
)
def test_a_portal_comes_back_as_it_was_written(portal: Portal) -> None:
    assert portal_from_json(portal_to_json(portal, PORTAL_RECORD)) == portal


def test_a_portal_keeps_the_fields_of_others() -> None:
    assert portal_to_json(Portal(A, 3), {**PORTAL_RECORD, "target": B}) == PORTAL_RECORD
