"""What the rest of the portal may ask about the drive."""

from blobs.keys import AccessKey, Account
from db.sessions import WriteSession
from kernel.sealing import Sealer
from portal.modules.drive import wiring
from portal.modules.drive.wiring import bucket_of, slot


async def found(
    session: WriteSession, sealer: Sealer, *, bucket: str, access_key: str, secret_key: str
) -> None:
    """Keep the storage account that sign-up made for a new portal; the secret is sealed."""
    await wiring.found(session, sealer, Account(bucket, AccessKey(access_key, secret_key)))


__all__ = ["bucket_of", "found", "slot"]
