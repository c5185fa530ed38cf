"""Each verb against a healthy cluster."""

import asyncio

import pytest
from typing_extensions import override

from etcd import (
    Client,
    Delete,
    EtcdRefusedError,
    Get,
    KeyValue,
    LeaseGoneError,
    Put,
    Span,
    absent,
    documents,
    unchanged,
)
from etcd.documents import ContendedError, Json


async def test_what_was_put_is_found_with_its_revision(client: Client, folder: str) -> None:
    revision = await client.put(folder + "a", b"1")

    found = await client.find(folder + "a")

    assert found is not None
    assert (found.value, found.mod_revision, found.version) == (b"1", revision, 1)


async def test_a_missing_key_is_none(client: Client, folder: str) -> None:
    assert await client.find(folder + "nothing") is None


async def test_a_key_may_be_empty_binary_or_not_latin(client: Client, folder: str) -> None:
    await client.put(folder + "ключ", b"\x00\xff")
    await client.put(folder + "empty", b"")

    page = await client.range(Span.prefix(folder))

    assert {kv.key.removeprefix(folder): kv.value for kv in page.kvs} == {
        "ключ": b"\x00\xff",
        "empty": b"",
    }


async def test_pages_show_one_revision_while_others_write(client: Client, folder: str) -> None:
    for number in range(10):
        await client.put(f"{folder}{number}", b"old")

    seen = []
    async for page in client.pages(Span.prefix(folder), limit=3):
        seen += [(kv.key, kv.value) for kv in page.kvs]
        await client.put(f"{folder}9", b"new")
        await client.put(f"{folder}99", b"added meanwhile")

    assert seen == [(f"{folder}{number}", b"old") for number in range(10)]


async def test_a_prefix_does_not_reach_its_neighbours(client: Client, folder: str) -> None:
    await client.put(folder + "portal/1", b"")
    await client.put(folder + "portal0", b"")
    await client.put(folder + "portal.1", b"")

    page = await client.range(Span.prefix(folder + "portal/"))

    assert [kv.key for kv in page.kvs] == [folder + "portal/1"]


async def test_delete_removes_a_span_and_counts(client: Client, folder: str) -> None:
    await client.put(folder + "a", b"")
    await client.put(folder + "b", b"")

    assert await client.delete(Span.prefix(folder)) == 2
    assert await client.delete(Span.prefix(folder)) == 0


async def test_of_twenty_writers_with_one_revision_one_wins(client: Client, folder: str) -> None:
    key = folder + "contested"
    revision = await client.put(key, b"before")

    results = await asyncio.gather(
        *(client.txn([unchanged(key, revision)], [Put(key, b"%d" % n)]) for n in range(20))
    )

    assert sum(result.succeeded for result in results) == 1


async def test_a_txn_does_all_or_its_other_branch(client: Client, folder: str) -> None:
    ours, theirs = folder + "ours", folder + "theirs"
    await client.put(theirs, b"taken")
    take_both = [Put(ours, b"x"), Put(theirs, b"x")]

    result = await client.txn([absent(ours), absent(theirs)], take_both, [Get(Span(theirs))])

    assert not result.succeeded
    assert result.reads[0].kvs[0].value == b"taken"
    assert await client.find(ours) is None
    moved = await client.txn([absent(ours)], [Put(ours, b"x"), Delete(Span(theirs))])
    assert moved.succeeded
    assert await client.find(theirs) is None


async def test_an_old_revision_can_be_read_and_a_future_one_is_refused(
    client: Client, folder: str
) -> None:
    first = await client.put(folder + "a", b"1")
    await client.put(folder + "a", b"2")

    page = await client.range(Span(folder + "a"), revision=first)

    assert page.kvs[0].value == b"1"
    with pytest.raises(EtcdRefusedError, match="future"):
        await client.range(Span(folder + "a"), revision=first + 1_000_000)


async def test_keys_live_as_long_as_their_lease_is_kept(client: Client, folder: str) -> None:
    lease = await client.grant(5)
    await client.put(folder + "heartbeat", b"", lease)

    assert await client.keep_alive(lease) == 5
    await client.revoke(lease)

    assert await client.find(folder + "heartbeat") is None
    await client.revoke(lease)
    with pytest.raises(LeaseGoneError):
        await client.keep_alive(lease)


async def test_a_document_is_created_once(client: Client, folder: str) -> None:
    assert await documents.create(client, folder + "pair", {"term": 1})
    assert not await documents.create(client, folder + "pair", {"term": 2})

    document = await documents.find(client, folder + "pair")

    assert document is not None
    assert document.content == {"term": 1}


async def test_concurrent_changes_of_a_document_all_count(client: Client, folder: str) -> None:
    key = folder + "counter"
    await documents.create(client, key, {"n": 0})

    def increase(content: Json) -> Json:
        return {"n": content["n"] + 1}

    await asyncio.gather(*(documents.change(client, key, increase) for _ in range(4)))

    document = await documents.find(client, key)
    assert document is not None
    assert document.content == {"n": 4}
    assert await documents.change(client, folder + "nothing", increase) is None


async def test_a_document_that_moves_at_each_attempt_is_given_up(
    client: Client, folder: str
) -> None:
    key = folder + "busy"
    await documents.create(client, key, {"n": 0})
    read = await documents.find(client, key)
    assert read is not None
    assert await documents.replace(client, read, {"n": 1})

    assert await documents.replace(client, read, {"n": 2}) is None
    with pytest.raises(ContendedError):
        await documents.change(_AlwaysLate(client), key, lambda content: content)


class _AlwaysLate(Client):
    """Somebody else writes between each read and each write of ours."""

    def __init__(self, inner: Client) -> None:
        super().__init__(inner._members)

    @override
    async def find(self, key: str, *, serializable: bool = False) -> KeyValue | None:
        found = await super().find(key, serializable=serializable)
        await self.put(key, b"{}")
        return found
