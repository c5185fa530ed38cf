"""Accounts: made once however often one asks, and removed without a trace."""

import asyncio

import pytest

from blobs.bucket import Bucket
from blobs.errors import AccessDeniedError, AccountExistsError, StorageFullError
from blobs.keys import Account
from blobs.provisioning import RadosGateway, account_name
from blobs.store import Store
from blobs.uploads import PART_BYTES
from kernel.ids import PortalId
from testkit.contents import read
from testkit.s3 import Gateway


async def test_making_an_account_again_gives_the_same(
    admin: RadosGateway, store: Store, portal: PortalId
) -> None:
    first = await admin.create(portal)
    await Bucket(store, first).put("file", b"contents")

    assert await admin.create(portal) == first
    assert await read(Bucket(store, first), "file") == b"contents"


async def test_an_account_made_half_is_completed(
    admin: RadosGateway, store: Store, portal: PortalId
) -> None:
    account = await admin.create(portal)
    await store.call(account.key, "delete_bucket", Bucket=account.bucket)

    assert await admin.create(portal) == account
    assert (await Bucket(store, account).list()).blobs == ()


async def test_an_account_may_have_one_bucket_and_no_other(store: Store, account: Account) -> None:
    with pytest.raises(AccountExistsError):
        await store.call(account.key, "create_bucket", Bucket=f"{account.bucket}-second")


async def test_a_portals_key_cannot_make_users(store: Store, account: Account) -> None:
    with pytest.raises(AccessDeniedError):
        await RadosGateway(store, account.key).create(PortalId(999_999))


async def test_removing_takes_objects_uploads_and_the_key(
    admin: RadosGateway, store: Store, portal: PortalId
) -> None:
    account = await admin.create(portal)
    bucket = Bucket(store, account)
    await bucket.put("file", b"contents")
    upload = await bucket.begin_upload("unfinished")
    await upload.put_part(1, bytes(PART_BYTES))

    await admin.remove(portal)

    with pytest.raises(AccessDeniedError):
        await bucket.list()
    again = await admin.create(portal)
    assert again.key != account.key
    assert (await Bucket(store, again).list()).blobs == ()


async def test_removing_what_is_not_there_is_no_error(
    admin: RadosGateway, portal: PortalId
) -> None:
    await admin.remove(portal)
    await admin.create(portal)
    await admin.remove(portal)
    await admin.remove(portal)


async def test_a_limit_is_kept_by_the_storage_and_can_be_lifted(
    admin: RadosGateway, store: Store, portal: PortalId
) -> None:
    bucket = Bucket(store, await admin.create(portal))

    await admin.limit(portal, 1_000_000)
    with pytest.raises(StorageFullError):
        await bucket.put("large", bytes(1_100_000))
    await admin.limit(portal, None)
    await bucket.put("large", bytes(1_100_000))


async def test_twenty_sign_ups_at_once_have_an_account_each(
    admin: RadosGateway,
) -> None:
    portals = [PortalId(5_000 + n) for n in range(20)]

    accounts = await asyncio.gather(*(admin.create(portal) for portal in portals))

    assert [account.bucket for account in accounts] == [account_name(p) for p in portals]
    assert len({account.key for account in accounts}) == len(portals)


async def test_no_secret_is_ever_in_the_storages_log(
    s3: Gateway, admin: RadosGateway, portal: PortalId
) -> None:
    account = await admin.create(portal)
    await admin.create(portal)

    async with asyncio.timeout(30):  # it is written a little later
        while account_name(portal) not in (log := s3.log.read_text()):  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.1)
    assert account.key.secret not in log
    assert s3.admin.secret not in log
