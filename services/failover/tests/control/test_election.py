"""Who leads: at most one by etcd, never longer than etcd thinks, the witness first."""

import asyncio

from etcd import Client, Span
from failover.control import keys
from failover.control.election import LEASE_SECONDS, Election
from failover.control.sight import Sight

from .stage import WITNESS, A, B, Stage, until


def candidate(client: Client, site: str) -> Election:
    return Election(client, Sight(client, site, WITNESS), f"http://{site}")


async def test_of_two_candidates_one_leads(client: Client) -> None:
    candidates = [candidate(client, WITNESS), candidate(client, WITNESS)]

    await asyncio.gather(*(c._turn() for c in candidates))

    assert sum(c.leads_seconds > 0 for c in candidates) == 1
    assert sum(c.revision > 0 for c in candidates) == 1


async def test_the_witness_campaigns_first(stage: Stage) -> None:
    stage.start(A, B, WITNESS)

    leader = await stage.leader()

    assert leader is stage.sites[WITNESS]


async def test_a_datacentre_leads_when_the_witness_is_not_there(stage: Stage) -> None:
    stage.start(A, B)

    leader = await stage.leader()

    assert leader in {stage.sites[A], stage.sites[B]}


async def test_leadership_counts_from_before_the_lease_was_asked_for(client: Client) -> None:
    now = 100.0
    slow = Election(client, Sight(client, WITNESS, WITNESS), "", clock=lambda: now)
    await slow._turn()

    assert slow.leads_seconds == LEASE_SECONDS
    now += LEASE_SECONDS
    assert slow.leads_seconds == 0


async def test_who_loses_its_lease_leads_no_more(client: Client) -> None:
    election = candidate(client, WITNESS)
    await election._turn()
    assert election._lease is not None
    await client.revoke(election._lease)

    await election._turn()

    assert (election.leads_seconds, election.revision) == (0, 0)


async def test_when_the_leader_resigns_another_leads_within_seconds(stage: Stage) -> None:
    stage.start()
    first = await stage.leader()

    await first.election.resign()
    left = await stage.client.find(keys.LEADER)
    assert left is None or left.value != first.election._value, "its lease was left to run out"

    def successor() -> bool:
        return any(s.election.leads_seconds > 0 for s in stage.sites.values() if s is not first)

    await until(successor, 8.0)  # sooner than the first one campaigns again
    assert first.election.leads_seconds == 0


async def test_a_leader_whose_key_is_gone_campaigns_again(stage: Stage) -> None:
    stage.start(WITNESS)
    leader = await stage.leader()
    before = leader.election.revision

    await stage.client.delete(Span(keys.LEADER))
    assert leader.election._lease is not None
    await stage.client.revoke(leader.election._lease)

    await until(lambda: leader.election.revision > before)
