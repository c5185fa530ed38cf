"""Keys and their records, in a real etcd."""

from uuid import uuid4

import pytest

from etcd import Client, Span
from kernel.ids import PortalId
from kernel.sealing import Sealer, new_key
from signup import idempotency
from signup.errors import KeyMalformedError, KeyReusedError
from signup.idempotency import Key, Records

BODY = {"host": "acme", "password": "correct horse"}
ANSWER = {"portal": {"id": "7"}, "token": "the-token"}


@pytest.fixture
def records(client: Client) -> Records:
    return Records(client, Sealer(new_key()))


@pytest.fixture
def key() -> Key:
    return new_key_of(uuid4().hex)


def new_key_of(header: str, **changes: str) -> Key:
    key = idempotency.key_of(header, BODY | changes)
    assert key is not None
    return key


def test_a_request_without_the_header_has_no_key() -> None:
    assert idempotency.key_of(None, BODY) is None


@pytest.mark.parametrize("header", ["", "x" * 256, "a b", "ключ", "a\x7f"])
def test_a_key_is_short_visible_ascii(header: str) -> None:
    with pytest.raises(KeyMalformedError):
        idempotency.key_of(header, BODY)


def test_the_order_of_fields_makes_no_difference() -> None:
    backwards = dict(reversed(BODY.items()))

    assert idempotency.key_of("k", BODY) == idempotency.key_of("k", backwards)


async def test_a_key_stands_for_the_first_portal(records: Records, key: Key) -> None:
    first, first_is_new = await records.begin(key, PortalId(7))
    second, second_is_new = await records.begin(key, PortalId(8))

    assert (first_is_new, second_is_new) == (True, False)
    assert first.portal == second.portal == PortalId(7)
    assert second.answer is None


async def test_a_key_of_another_body_is_refused(records: Records) -> None:
    header = uuid4().hex
    await records.begin(new_key_of(header), PortalId(7))

    with pytest.raises(KeyReusedError):
        await records.begin(new_key_of(header, host="beta"), PortalId(8))


async def test_the_answer_is_kept(records: Records, key: Key) -> None:
    await records.begin(key, PortalId(7))
    await records.keep(key.record, PortalId(7), ANSWER)

    record, is_new = await records.begin(key, PortalId(8))

    assert not is_new
    assert record.answer == ANSWER


async def test_a_record_that_stands_for_another_portal_is_left_alone(
    records: Records, key: Key
) -> None:
    await records.begin(key, PortalId(7))

    await records.keep(key.record, PortalId(8), ANSWER)
    await records.forget(key.record, PortalId(8))

    record = await records.find(key.record)
    assert record is not None
    assert record.answer is None


async def test_a_forgotten_key_starts_anew(records: Records, key: Key) -> None:
    await records.begin(key, PortalId(7))
    await records.forget(key.record, PortalId(7))
    await records.forget(key.record, PortalId(7))

    record, is_new = await records.begin(key, PortalId(8))

    assert is_new
    assert record.portal == PortalId(8)


async def test_a_record_lives_for_a_day_and_shows_nothing(
    records: Records, client: Client, key: Key
) -> None:
    await records.begin(key, PortalId(7))
    await records.keep(key.record, PortalId(7), ANSWER)

    (kv,) = (await client.range(Span(key.record))).kvs

    assert b"the-token" not in kv.value
    assert key.digest.encode() not in kv.value
    assert idempotency.KEPT_SECONDS - 60 < await client.keep_alive(kv.lease) <= 24 * 3600
