"""Events out: told once they are committed, in order, again if need be, and never into our network."""

import asyncio
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from db.sessions import WriteSession
from jobs import queue
from jobs.queue import JobId
from portal.context import RequestContext
from portal.modules.webhooks.contracts import HandlerId
from portal.modules.webhooks.domain import patience
from portal.modules.webhooks.wiring import events as wiring
from portal.unit import transaction
from testkit.harm import Harm
from testkit.portals import PASSWORD, TestPortal

from .ageing import DAYS_AGO, DUE, LAST_TRY, LEASE_OVER
from .receivers import Receiver, Told

HANDLERS = "/api/v1/event-handlers"
LEADS = "/api/v1/crm/leads"
SOON_SECONDS = 40.0
ALL = ["ONCRMLEADADD", "ONCRMLEADUPDATE", "ONCRMLEADDELETE"]


async def handled(portal: TestPortal, receiver: Receiver, **fields: Any) -> dict[str, Any]:
    body = {"url": receiver.url, "events": ALL, **fields}
    answer = await portal.client.post(HANDLERS, json=body)
    assert answer.status_code == 201, answer.text
    handler: dict[str, Any] = answer.json()
    return handler


async def shown(portal: TestPortal, handler: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await portal.client.get(f"{HANDLERS}/{handler['id']}")).json()
    return found


async def lead(portal: TestPortal, title: str = "x") -> int:
    answer = await portal.client.post(LEADS, json={"title": title})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def change(portal: TestPortal, lead_id: int, title: str) -> None:
    answer = await portal.client.patch(f"{LEADS}/{lead_id}", json={"title": title})
    assert answer.status_code == 200, answer.text


async def wake(context: RequestContext, handler: dict[str, Any]) -> None:
    """Let its next turn begin now."""
    async with context.reading() as session:
        found = await wiring.handlers(session).find(HandlerId(handler["id"]))
    assert found is not None
    await transaction(context, lambda s: queue.wake(s, JobId(found.job)))


async def last_try(context: RequestContext, handler: dict[str, Any]) -> None:
    """Let two hours of tries pass."""

    async def skip(session: WriteSession) -> None:
        await session.change(LAST_TRY, handler=handler["id"], at=session.now)

    await transaction(context, skip)
    await wake(context, handler)


async def until(holds: Any, again: Any = None) -> None:
    """Wait; ``again``: what to repeat now and then, as a turn under way may have written over it."""
    async with asyncio.timeout(SOON_SECONDS):
        while not await holds():
            if again is not None:
                await again()
            await asyncio.sleep(0.1 if again is None else 2)


def refusing(*leads: int) -> Any:
    async def answer(told: Told) -> int:
        return 500 if int(told["data[FIELDS][ID]"]) in leads else 200

    return answer


async def test_a_receiver_is_told_of_a_lead_as_documented_within_a_second_or_so(
    portal: TestPortal, receiver: Receiver
) -> None:
    handler = await handled(portal, receiver, application_token="token-of-the-receiver")
    assert handler["application_token"] == "token-of-the-receiver"
    begun_at = time.monotonic()
    made = await lead(portal)
    await receiver.until(lambda: receiver.told)
    took = time.monotonic() - begun_at
    (told,) = receiver.told
    member = told.pop("auth[member_id]")
    assert len(member) == 32
    assert int(told.pop("ts")) == pytest.approx(time.time(), abs=30)
    authority = told.pop("auth[domain]")
    assert authority.startswith(portal.host)
    base = authority.removeprefix(portal.label + ".")
    assert told == {
        "event": "ONCRMLEADADD",
        "event_handler_id": str(handler["id"]),
        "data[FIELDS][ID]": str(made),
        "auth[client_endpoint]": f"https://{authority}/rest/",
        "auth[server_endpoint]": f"https://{base}/rest/",
        "auth[application_token]": "token-of-the-receiver",
    }
    assert took < 10, f"{took:.2f} s"  # half a second of looking, and a little work


async def test_what_was_before_the_handler_is_not_told(
    portal: TestPortal, receiver: Receiver
) -> None:
    await lead(portal, "before")
    await handled(portal, receiver)
    after = await lead(portal, "after")
    await change(portal, after, "changed")
    await portal.client.delete(f"{LEADS}/{after}")
    await receiver.until(lambda: len(receiver.taken) == 3)
    assert receiver.of_leads() == {after: ALL}


async def test_nobody_is_told_of_what_he_did_not_ask_for(
    portal: TestPortal, receiver: Receiver
) -> None:
    await handled(portal, receiver, events=["onCrmLeadDelete"])
    gone = await lead(portal)
    await portal.client.delete(f"{LEADS}/{gone}")
    await receiver.until(lambda: receiver.told)
    assert receiver.of_leads() == {gone: ["ONCRMLEADDELETE"]}


async def test_a_new_person_is_told_with_his_fields(portal: TestPortal, receiver: Receiver) -> None:
    await handled(portal, receiver, events=["ONUSERADD"])
    body = {"email": f"new@{portal.label}.example", "password": PASSWORD, "first_name": "Иван"}
    user = (await portal.client.post("/api/v1/users", json=body)).json()
    await receiver.until(lambda: receiver.told)
    (told,) = receiver.told
    fields = {name: told[f"data[{name}]"] for name in ("ID", "EMAIL", "NAME", "ACTIVE")}
    expected = {"ID": str(user["id"]), "EMAIL": body["email"], "NAME": "Иван", "ACTIVE": "Y"}
    assert (told["event"], fields) == ("ONUSERADD", expected)


async def test_a_receiver_that_fails_is_told_again_and_then_no_more(
    portal: TestPortal, receiver: Receiver
) -> None:
    seen: Counter[str] = Counter()

    async def twice_wrong(told: Told) -> int:
        seen[told["data[FIELDS][ID]"]] += 1
        return 500 if seen[told["data[FIELDS][ID]"]] <= 2 else 200

    receiver.answer = twice_wrong
    handler = await handled(portal, receiver)
    made = await lead(portal)
    await receiver.until(lambda: receiver.taken, 30)
    first, second, third = receiver.told
    assert first == second == third
    assert receiver.of_leads() == {made: ["ONCRMLEADADD"]}

    async def at_peace() -> bool:
        now = await shown(portal, handler)
        return (now["waiting"], now["failing_since"], now["failed_tries"]) == (0, None, 0)

    await until(at_peace)


async def test_a_lead_that_fails_holds_back_only_its_own_events_and_these_in_order(
    portal: TestPortal, receiver: Receiver
) -> None:
    await handled(portal, receiver)
    ill, well = await lead(portal, "ill"), await lead(portal, "well")
    await receiver.until(lambda: len(receiver.taken) == 2)
    receiver.answer = refusing(ill)
    for n in range(3):
        await change(portal, ill, f"ill {n}")
        await change(portal, well, f"well {n}")
    await portal.client.delete(f"{LEADS}/{ill}")
    await receiver.until(lambda: len(receiver.of_leads()[well]) == 4)
    assert receiver.of_leads()[ill] == ["ONCRMLEADADD"]
    receiver.answer = refusing()
    await receiver.until(lambda: len(receiver.of_leads()[ill]) == 5, 60)
    update = "ONCRMLEADUPDATE"
    assert receiver.of_leads()[ill] == ["ONCRMLEADADD", *[update] * 3, "ONCRMLEADDELETE"]


async def test_of_200_leads_none_is_lost(portal: TestPortal, receiver: Receiver) -> None:
    await handled(portal, receiver)
    made = await asyncio.gather(*(lead(portal, f"lead {n}") for n in range(200)))
    await receiver.until(lambda: len(receiver.of_leads()) == 200, 60)
    assert set(receiver.of_leads()) == set(made)


@pytest.mark.parametrize("status", [302, 404])
async def test_neither_a_redirect_nor_a_refusal_is_taken_for_an_answer(
    portal: TestPortal, receiver: Receiver, status: int
) -> None:
    async def refused(_told: Told) -> int:
        return status

    receiver.answer = refused
    handler = await handled(portal, receiver)
    await lead(portal)
    await receiver.until(lambda: len(receiver.told) >= 2)
    now = await shown(portal, handler)
    assert now["failed_tries"] >= 1
    assert now["failing_since"] is not None


async def test_a_receiver_that_hangs_holds_back_no_other(
    portal: TestPortal, receiver: Receiver
) -> None:
    slow, quick = await handled(portal, receiver), await handled(portal, receiver)

    async def hanging(told: Told) -> int:
        if told["event_handler_id"] == str(slow["id"]):
            await asyncio.sleep(30)
        return 200

    receiver.answer = hanging
    made = [await lead(portal, f"lead {n}") for n in range(3)]
    await receiver.until(lambda: len(receiver.taken) == 3)
    assert (await shown(portal, slow))["failed_tries"] == 0, "not before the slow one was given up"
    assert {told["event_handler_id"] for told in receiver.taken} == {str(quick["id"])}
    assert set(receiver.of_leads()) == set(made)

    async def is_silent() -> bool:
        return bool((await shown(portal, slow))["failed_tries"] >= 3)

    await until(is_silent)


async def test_what_is_refused_to_the_last_is_a_dead_letter_that_can_be_tried_again(
    portal: TestPortal, receiver: Receiver, context: RequestContext
) -> None:
    handler = await handled(portal, receiver)
    ids = [await lead(portal, f"lead {n}") for n in range(2)]
    await receiver.until(lambda: len(receiver.taken) == 2)
    receiver.answer = refusing(*ids)
    for one in ids:
        await change(portal, one, "changed")

    async def waiting() -> bool:
        return bool((await shown(portal, handler))["waiting"] == 2)

    await until(waiting)

    async def dead() -> bool:
        now = await shown(portal, handler)
        return (now["waiting"], now["dead_letters"]) == (0, 2)

    await until(dead, lambda: last_try(context, handler))
    letters = (await portal.client.get(f"{HANDLERS}/{handler['id']}/dead-letters")).json()["items"]
    assert {(one["entity_id"], one["event"], one["error"]) for one in letters} == {
        (one, "ONCRMLEADUPDATE", "status 500") for one in ids
    }
    receiver.answer = refusing()
    path = f"{HANDLERS}/{handler['id']}/redeliveries"
    first = await portal.client.post(path, json={"dead_letters": [letters[0]["id"]]})
    assert (first.status_code, first.json()["dead_letters"]) == (202, 1)
    await receiver.until(lambda: len(receiver.taken) == 3)
    rest = await portal.client.post(path, json={})
    assert rest.json()["dead_letters"] == 1
    await receiver.until(lambda: len(receiver.taken) == 4)
    unknown = await portal.client.post(path, json={"dead_letters": [999_999_999]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "dead-letter-not-found")
    assert {one: len(events) for one, events in receiver.of_leads().items()} == dict.fromkeys(
        ids, 2
    )


async def test_who_takes_nothing_for_days_is_switched_off_and_goes_on_where_he_stopped(
    portal: TestPortal, receiver: Receiver, context: RequestContext
) -> None:
    handler = await handled(portal, receiver)
    ill = await lead(portal)
    await receiver.until(lambda: receiver.taken)
    receiver.answer = refusing(ill)
    await change(portal, ill, "one too many")

    async def fails() -> bool:
        return bool((await shown(portal, handler))["failed_tries"])

    await until(fails)

    async def skip(session: WriteSession) -> None:
        long_ago = session.now - patience.OFF_AFTER - timedelta(hours=1)
        await session.change(DAYS_AGO, handler=handler["id"], at=long_ago)
        await session.change(DUE, handler=handler["id"], at=session.now)

    async def let_days_pass() -> None:
        await transaction(context, skip)
        await wake(context, handler)

    async def off() -> bool:
        now = await shown(portal, handler)
        return (now["state"], now["off_reason"]) == ("off", "failing")

    await until(off, let_days_pass)
    changes = (await portal.client.get("/api/v1/changes?limit=1000")).json()["items"]
    (fact,) = [c for c in changes if c["verb"] == "switched_off"]
    assert fact["payload"] == {"reason": "failing", "error": "status 500"}
    receiver.answer = refusing()
    await change(portal, ill, "while it was off")
    on = await portal.client.patch(f"{HANDLERS}/{handler['id']}", json={"state": "on"})
    assert (on.json()["state"], on.json()["failed_tries"]) == ("on", 0)
    await receiver.until(lambda: len(receiver.of_leads()[ill]) == 3)


async def test_a_handler_that_is_switched_off_or_deleted_is_told_nothing(
    portal: TestPortal, receiver: Receiver
) -> None:
    off, deleted = await handled(portal, receiver), await handled(portal, receiver)
    kept = await handled(portal, receiver)
    await portal.client.patch(f"{HANDLERS}/{off['id']}", json={"state": "off"})
    gone = await portal.client.delete(f"{HANDLERS}/{deleted['id']}")
    assert gone.status_code == 204
    await lead(portal)
    await receiver.until(lambda: receiver.told)
    await asyncio.sleep(2)  # nothing more must come
    assert [told["event_handler_id"] for told in receiver.told] == [str(kept["id"])]


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:8080/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/"),
        *("http://169.254.169.254/latest", "http://224.0.0.1/", "http://2130706433/"),
        "http://[::ffff:127.0.0.1]/",
    ],
)
async def test_an_address_of_our_own_network_is_refused(portal: TestPortal, url: str) -> None:
    answer = await portal.client.post(HANDLERS, json={"url": url, "events": ALL})
    assert (answer.status_code, answer.json()["code"]) == (422, "address-refused")


async def test_what_makes_no_sense_is_refused(portal: TestPortal, receiver: Receiver) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"url": receiver.url, "events": ["ONEVERYTHING"]}, "event-unknown"),
        ({"url": receiver.url, "events": []}, "invalid-fields"),
        ({"url": "ftp://example.com/", "events": ALL}, "event-url-malformed"),
        ({"url": "https://me:pw@example.com/", "events": ALL}, "event-url-malformed"),
        ({"url": receiver.url, "events": ALL, "application_token": "short"}, "invalid-fields"),
    ]
    for body, code in wrong:
        answer = await portal.client.post(HANDLERS, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), body


async def test_a_token_is_shown_once_and_kept_sealed(
    portal: TestPortal, receiver: Receiver, context: RequestContext
) -> None:
    handler = await handled(portal, receiver)
    token = handler["application_token"]
    for path in (HANDLERS, f"{HANDLERS}/{handler['id']}", "/api/v1/changes?limit=1000"):
        assert token not in (await portal.client.get(path)).text
    async with context.reading() as session:
        found = await wiring.handlers(session).find(HandlerId(handler["id"]))
    assert found is not None
    assert token not in repr(found) + found.token


async def test_a_worker_that_is_killed_loses_no_event(
    portal: TestPortal, receiver: Receiver, context: RequestContext, harm: Harm
) -> None:
    asked = asyncio.Event()

    async def slowly(_told: Told) -> int:
        asked.set()
        await asyncio.sleep(1)
        return 200

    receiver.answer = slowly
    await handled(portal, receiver)
    made = [await lead(portal, f"lead {n}") for n in range(3)]
    async with asyncio.timeout(20):
        await asked.wait()
    await harm.kill("worker")
    made += [await lead(portal, f"later {n}") for n in range(3)]

    async def end_the_lease(session: WriteSession) -> None:
        await session.change(LEASE_OVER, at=session.now)

    # the turn that was cut holds its job for the rest of a minute, which nobody need wait for here
    await transaction(context, end_the_lease)
    await receiver.until(lambda: len(set(receiver.of_leads())) == 6, 60)
    assert set(receiver.of_leads()) == set(made)
    await harm.until_all_healthy()
