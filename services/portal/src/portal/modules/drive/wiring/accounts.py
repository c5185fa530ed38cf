"""The portal's account in the object store: sealed in the database, open in memory for a while."""

from cachetools import TTLCache

from blobs.bucket import Bucket
from blobs.keys import AccessKey, Account
from db.sessions import ReadSession, WriteSession
from kernel.ids import PortalId
from kernel.sealing import Sealer
from portal.modules.drive.repository.storage import SealedAccount, StorageRepository, StorageStore
from portal.resources import Resources

# Few and short: what is not in memory cannot leak from it, and a changed key is soon known.
REMEMBERED_SECONDS = 60.0
MOST_REMEMBERED = 1_000

_opened: TTLCache[PortalId, Account] = TTLCache(MOST_REMEMBERED, REMEMBERED_SECONDS)


async def bucket_of(resources: Resources, session: ReadSession) -> Bucket:
    """Return the bucket of the session's portal."""
    account = _opened.get(session.portal)
    if account is None:
        sealed = await StorageRepository(session).account()
        account = _opened[session.portal] = _open(resources.sealer, session.portal, sealed)
    return Bucket(resources.storage, account)


async def found(session: WriteSession, sealer: Sealer, account: Account) -> None:
    """Keep the account of a new portal."""
    sealed = sealer.seal(account.key.secret, _place(session.portal))
    await StorageStore(session).add(SealedAccount(account.bucket, account.key.id, sealed))


def _open(sealer: Sealer, portal: PortalId, sealed: SealedAccount) -> Account:
    secret = sealer.open(sealed.secret, _place(portal))
    return Account(sealed.bucket, AccessKey(sealed.access_key, secret))


def _place(portal: PortalId) -> str:
    return f"portal/{portal}/storage"
