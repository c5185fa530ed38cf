"""The SHA-256 a sender announces: RFC 9530's headers, or plain hex."""

import base64
import binascii
import re
from typing import Annotated

from fastapi import Depends, Header

from blobs.errors import ChecksumMismatchError
from portal.modules.drive.errors import DigestMalformedError

DIGEST_BYTES = 32
# A member of a dictionary of byte sequences (RFC 8941): sha-256=:<base64>:
_MEMBER = re.compile(r"(?:^|,)[ \t]*sha-256=:([A-Za-z0-9+/=]*):[ \t]*(?=$|,)")


def repr_digest(sha256: str) -> str:
    """Return the value of ``Repr-Digest`` for a SHA-256 in hex."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


async def announced(
    content_digest: Annotated[str | None, Header(description="RFC 9530: sha-256=:base64:")] = None,
    repr_digest: Annotated[str | None, Header(description="the same here")] = None,
    x_content_sha256: Annotated[
        str | None, Header(alias="X-Content-SHA256", description="in hex, as most tools print it")
    ] = None,
) -> str | None:
    """Return the announced SHA-256 in hex, if there is one."""
    by_header = [_of_member(h) for h in (content_digest, repr_digest) if h is not None]
    if x_content_sha256 is not None:
        by_header.append(_of_hex(x_content_sha256))
    announced = {digest.hex() for digest in by_header}
    if len(announced) > 1:  # no contents can have both
        raise ChecksumMismatchError
    return next(iter(announced), None)


def _of_member(header: str) -> bytes:
    found = _MEMBER.search(header)
    if found is None:
        raise DigestMalformedError
    try:
        return _checked(base64.b64decode(found[1], validate=True))
    except binascii.Error:
        raise DigestMalformedError from None


def _of_hex(header: str) -> bytes:
    try:
        return _checked(bytes.fromhex(header))
    except ValueError:
        raise DigestMalformedError from None


def _checked(digest: bytes) -> bytes:
    if len(digest) != DIGEST_BYTES:
        raise DigestMalformedError
    return digest


AnnouncedSha256 = Annotated[str | None, Depends(announced)]
