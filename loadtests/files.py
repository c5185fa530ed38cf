"""Files of the product beside the object store itself: what a client at the front door experiences.

Both sides are asked by curl, which follows our redirect to the store. The floor writes new objects, as we
do; its URLs are signed beforehand.
"""

import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta

from blobs.bucket import Bucket
from blobs.keys import Account
from blobs.store import connect
from kernel.settings import Settings
from loadtests.curl import Transfers
from loadtests.rounds import ROUNDS, Comparison, compare

MIB = 1 << 20
UPLOADS, DOWNLOADS = 300, 1200  # of one round: some seconds
LIFE = timedelta(hours=1)


async def links(settings: Settings, account: Account) -> tuple[str, list[str]]:
    """Return a URL that gives 1 MiB, and URLs that take as much each, one for each upload."""
    async with connect(settings.s3_url) as store:
        bucket = Bucket(store, account)
        await bucket.put("floor", b"portico." * (MIB // 8))
        down = bucket.get_url("floor", file_name="floor", expires_in=LIFE)
        keys = (f"floor/{secrets.token_hex(16)}" for _ in range(ROUNDS * UPLOADS))
        return down, [bucket.put_url(key, size=MIB, expires_in=LIFE) for key in keys]


def compared(
    settings: Settings, headers: Mapping[str, str], file: int, down: str, up: list[str]
) -> Iterator[Comparison]:
    """Compare uploads, and downloads of ``file`` both ways: by a redirect, and through a web node."""
    files = f"http://{settings.door.address}:{settings.door.http}/api/v1/drive/files"
    unused = iter(up)

    def upload() -> Mapping[str, float]:
        names = [f"{files}?name={secrets.token_hex(8)}.bin" for _ in range(UPLOADS)]
        return Transfers(names, headers, "POST", MIB).run()

    def upload_to_the_store() -> Mapping[str, float]:
        return Transfers([next(unused) for _ in range(UPLOADS)], {}, "PUT", MIB).run()

    floor = Transfers([down] * DOWNLOADS)
    redirected = Transfers([f"{files}/{file}/content"] * DOWNLOADS, headers)
    through_us = Transfers([f"{files}/{file}/content?redirect=false"] * DOWNLOADS, headers)
    yield compare("1 MiB up", upload, upload_to_the_store)
    yield compare("1 MiB down", redirected.run, floor.run)
    yield compare("1 MiB down, no redirect", through_us.run, floor.run)
