"""What is seen: reports in JSON, their ages, web nodes that lag behind."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from etcd import Client
from failover.control import keys
from failover.control.publication import (
    BUSY_SECONDS,
    QUIET_SECONDS,
    TROUBLE_SECONDS,
    Publication,
    is_due,
)
from failover.control.reports import Account, account_from_json, account_to_json
from failover.control.sight import Sight
from failover.simulation.servers import FakeDatabase
from failover.state import Comparison, Database, Report

from .stage import PAIR, WITNESS, A, B, Stage

OWN = replace(
    FakeDatabase(A, B, []).facts(0.0, 60.0),
    comparison=Comparison(7, is_equal=True),
    closed_at={B: {A: 3}},
)
REPORT = Report(A, 12.5, OWN, {A: 0.0, B: 1.5})
ACCOUNT = Account(REPORT, {"rows": 3})


@pytest.mark.parametrize("account", [ACCOUNT, Account(replace(REPORT, database=None))])
def test_a_report_comes_back_as_it_was_written(account: Account) -> None:
    assert account_from_json(orjson.loads(orjson.dumps(account_to_json(account)))) == account


def test_facts_of_a_newer_agent_are_passed_over() -> None:
    json = account_to_json(ACCOUNT)

    assert account_from_json({**json, "database": {**json["database"], "mood": "good"}}) == ACCOUNT


async def test_a_report_that_cannot_be_read_is_not_there(stage: Stage) -> None:
    await stage.client.put(keys.report_key(PAIR, A), b'{"site": "dc-a"}')

    assert (await stage.sites[B].sight.look()).accounts == {}


async def test_the_age_of_a_report_counts_from_the_change_that_was_seen(stage: Stage) -> None:
    now = 50.0
    sight = Sight(stage.client, B, WITNESS, clock=lambda: now)
    key, value = keys.report_key(PAIR, A), orjson.dumps(account_to_json(ACCOUNT))
    await stage.client.put(key, value)
    await sight.look()
    assert sight.age(key) > 1e6  # who knows how old the first one is

    await stage.client.put(key, value)
    now = 60.0
    await sight.look()
    assert sight.age(key) == 0

    now = 61.5
    await sight.look()
    assert sight.age(key) == 1.5


async def test_a_report_is_at_most_as_old_as_the_last_look_that_did_not_find_it(
    stage: Stage,
) -> None:
    now = 50.0
    sight = Sight(stage.client, B, WITNESS, clock=lambda: now)
    key, value = keys.report_key(PAIR, A), orjson.dumps(account_to_json(ACCOUNT))
    await stage.client.put(key, value)
    await sight.look()
    now = 51.0
    await sight.look()
    revision = await stage.client.put(key, value)

    now = 53.5  # nothing could be read meanwhile
    sight.note(key, revision)

    assert (sight.age(key), sight.late(key)) == (0.0, 2.5)
    await sight.look()
    now = 54.0
    await stage.client.put(key, value)
    await sight.look()
    assert (sight.age(key), sight.late(key)) == (0.0, 0.5)


async def test_an_event_that_arrives_late_does_not_make_a_report_young(stage: Stage) -> None:
    now = 50.0
    sight = Sight(stage.client, B, WITNESS, clock=lambda: now)
    for revision in (5, 6):
        sight.note("report/1/dc-a", revision)
    now = 58.0

    sight.note("report/1/dc-a", 5)

    assert sight.age("report/1/dc-a") == 8.0


async def test_the_own_report_is_young(stage: Stage) -> None:
    sight = Sight(stage.client, A, WITNESS)
    publication = Publication(stage.client, keys.report_key(PAIR, A))

    look = await sight.look(await publication.put(ACCOUNT, hurries=False))

    assert look.account(PAIR, A) == ACCOUNT
    assert sight.age(keys.report_key(PAIR, A)) < 60.0  # one that was only found may be of any age


async def test_nodes_that_have_not_confirmed_are_counted(stage: Stage) -> None:
    revision = (await stage.pair()).revision
    for node, confirmed in (("portal-1", revision - 1), ("portal-2", revision)):
        value = orjson.dumps({"dc": A, "node": node, "revision": confirmed})
        await stage.client.put(f"node/{A}/{node}", value)
    sight = stage.sites[B].sight

    assert sight.snapshot(await sight.look(), PAIR).nodes_behind == 1


async def test_a_report_whose_lease_is_gone_is_published_under_a_new_one(client: Client) -> None:
    sight = Sight(client, A, WITNESS)
    publication = Publication(client, keys.report_key(PAIR, A))
    await sight.look(await publication.put(ACCOUNT, hurries=False))
    assert publication._lease is not None
    await client.revoke(publication._lease)

    await publication._renew(publication._lease)
    put = await publication.put(ACCOUNT, hurries=False)

    assert put is not None
    assert (await sight.look(put)).account(PAIR, A) == ACCOUNT


def changed(**facts: Any) -> Account:
    own: Database = replace(OWN, receiver_silent_seconds=0.0, **facts)
    return Account(replace(CALM.report, database=own))


CALM = Account(replace(REPORT, unseen_seconds={A: 0.0, B: 0.0}))
MOVED = changed(logged={A: 11, B: 10})


@pytest.mark.parametrize(
    ("account", "seconds", "hurries", "is_written"),
    [
        (CALM, QUIET_SECONDS - 0.01, False, False),
        (CALM, QUIET_SECONDS, False, True),
        (changed(obeyed=8), 0.0, False, True),
        (changed(fences={}), 0.0, False, True),
        (MOVED, 0.0, False, False),
        (MOVED, BUSY_SECONDS, False, True),
        (MOVED, 0.0, True, True),
    ],
)
def test_a_report_is_written_when_it_matters(
    account: Account, seconds: float, *, hurries: bool, is_written: bool
) -> None:
    assert is_due(CALM, account, seconds, hurries=hurries) is is_written


def test_for_how_long_a_database_is_out_of_sight_is_written_often() -> None:
    def unseen(seconds: float) -> Account:
        return Account(replace(REPORT, unseen_seconds={A: 0.0, B: seconds}))

    assert is_due(unseen(0.0), unseen(0.1), 0.0, hurries=False)
    assert not is_due(unseen(0.1), unseen(0.15), 0.05, hurries=False)
    assert is_due(unseen(0.1), unseen(0.2), TROUBLE_SECONDS, hurries=False)
