"""A portal's account in the object store: made at sign-up, removed when a sign-up is undone."""

import json
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlencode

from typing_extensions import override

from blobs import failures
from blobs.errors import AccountExistsError, AccountNotFoundError
from blobs.keys import AccessKey, Account
from blobs.store import Place, Store
from blobs.wire import Request
from kernel.ids import PortalId


class StorageAdmin(Protocol):
    """Makes and removes accounts; the store chooses the keys.

    Only one caller at a time may work on a portal: the claim of a sign-up sees to that.
    """

    async def create(self, portal: PortalId) -> Account:
        """Make the key and the bucket of a portal, or what is missing of them; always the same answer.

        After a failure half-way, call it again or ``remove``.
        """

    async def limit(self, portal: PortalId, size: int | None) -> None:
        """Let the account hold at most ``size`` bytes: a net below the portal's own count."""

    async def remove(self, portal: PortalId) -> None:
        """Remove the key, the bucket and all in it; what is not there is no error. Cannot be undone.

        Of many objects it may raise ``StorageTimeoutError``: call it again until it returns.
        """


class RadosGateway(StorageAdmin):
    """Ceph's radosgw, by its admin API: one user for each portal, who may own one bucket.

    It is asked for the secrets it made and never sent one: its admin API takes parameters in the URL
    only, and it logs URLs.
    """

    def __init__(self, store: Store, admin: AccessKey) -> None:
        self._store = store
        self._admin = admin

    @override
    async def create(self, portal: PortalId) -> Account:
        """Make user, key and bucket; see ``StorageAdmin``."""
        user = account_name(portal)
        with suppress(AccountExistsError):
            await self._ask("PUT", {"uid": user, "display-name": user, "max-buckets": "1"})
        key = (await self._ask("GET", {"uid": user}))["keys"][0]
        account = Account(user, AccessKey(key["access_key"], key["secret_key"]))
        await self._make_bucket(Place(self._store, account))
        return account

    @override
    async def limit(self, portal: PortalId, size: int | None) -> None:
        """Set the user's quota; see ``StorageAdmin``."""
        quota = {"quota": "", "uid": account_name(portal), "quota-type": "user"}
        allowed = (
            {"enabled": "false"} if size is None else {"enabled": "true", "max-size": str(size)}
        )
        await self._ask("PUT", quota | allowed)

    @override
    async def remove(self, portal: PortalId) -> None:
        """Remove the user with all data; see ``StorageAdmin``."""
        with suppress(AccountNotFoundError):
            await self._ask("DELETE", {"uid": account_name(portal), "purge-data": "true"})

    async def _make_bucket(self, place: Place) -> None:
        try:
            await place.call("create_bucket")
        except AccountExistsError:
            await place.call("head_bucket")  # the one bucket the user may own must be this one

    async def _ask(self, verb: str, parameters: dict[str, str]) -> Any:
        request = Request(verb, f"/admin/user?{urlencode(parameters)}")
        async with await self._store.wire.send(self._admin, request) as answer:
            with failures.named():
                body = await answer.read()
        return json.loads(body) if body else None


def account_name(portal: PortalId) -> str:
    """Return the name of a portal's user and bucket."""
    return f"portal-{portal}"
