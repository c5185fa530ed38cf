"""What the routes read from headers, without a server."""

import base64
import hashlib

import pytest
from fastapi import HTTPException
from starlette.datastructures import Headers

from blobs.errors import ChecksumMismatchError
from portal.modules.drive.errors import DigestMalformedError
from portal.modules.drive.routes.digests import announced, repr_digest
from portal.modules.drive.routes.ranges import ByteRange, asked_range, is_known

DIGEST = hashlib.sha256(b"hello").digest()
MEMBER = f"sha-256=:{base64.b64encode(DIGEST).decode()}:"
ETAG = '"abc"'


@pytest.mark.parametrize(
    "header", [MEMBER, f"sha-512=:AAAA:, {MEMBER}", f"{MEMBER},unixsum=:AA==:"]
)
async def test_a_digest_is_found_among_others(header: str) -> None:
    assert await announced(header, None, None) == DIGEST.hex()
    assert await announced(None, header, None) == DIGEST.hex()


async def test_a_digest_in_hex_may_be_upper_case() -> None:
    assert await announced(None, None, DIGEST.hex().upper()) == DIGEST.hex()
    assert await announced(MEMBER, MEMBER, DIGEST.hex()) == DIGEST.hex()
    assert await announced(None, None, None) is None


@pytest.mark.parametrize("header", ["", "sha-256", "sha-256=AAAA", "sha-256=:AAAA:", "md5=:AAAA:"])
async def test_a_digest_that_cannot_be_read_is_refused(header: str) -> None:
    with pytest.raises(DigestMalformedError):
        await announced(header, None, None)


@pytest.mark.parametrize("header", ["", "xyz", "00" * 31, "00" * 33])
async def test_hex_that_is_no_sha256_is_refused(header: str) -> None:
    with pytest.raises(DigestMalformedError):
        await announced(None, None, header)


async def test_two_different_digests_fit_no_contents() -> None:
    with pytest.raises(ChecksumMismatchError):
        await announced(MEMBER, None, "00" * 32)


def test_a_digest_is_answered_as_it_was_asked() -> None:
    assert repr_digest(DIGEST.hex()) == MEMBER


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=2-", 2, 9),
        ("bytes=-3", 7, 9),
        ("bytes=-99", 0, 9),
        ("bytes=5-99", 5, 9),
        ("bytes = 1 - 2", 1, 2),
    ],
)
def test_a_range_is_cut_to_the_file(header: str, first: int, last: int) -> None:
    asked = asked_range(Headers({"range": header}), ETAG, 10)
    assert asked == ByteRange(first, last, 10)
    assert asked.answered == f"bytes {first}-{last}/10"


@pytest.mark.parametrize(
    "header", ["", "bytes=", "bytes=-", "bytes=5-2", "lines=1-2", "bytes=0-1,4-5"]
)
def test_what_is_no_single_range_is_answered_with_everything(header: str) -> None:
    assert asked_range(Headers({"range": header}), ETAG, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(header: str) -> None:
    with pytest.raises(HTTPException) as refused:
        asked_range(Headers({"range": header}), ETAG, 10)
    assert refused.value.status_code == 416
    assert refused.value.headers == {"Content-Range": "bytes */10"}


def test_a_range_of_another_version_is_answered_with_everything() -> None:
    headers = {"range": "bytes=0-1", "if-range": '"old"'}
    assert asked_range(Headers(headers), ETAG, 10) is None
    assert asked_range(Headers({**headers, "if-range": ETAG}), ETAG, 10) == ByteRange(0, 1, 10)


@pytest.mark.parametrize(
    ("header", "known"),
    [("", False), (ETAG, True), (f'W/{ETAG}, "x"', True), ("*", True), ('"x"', False)],
)
def test_a_known_version_is_not_sent_again(header: str, known: bool) -> None:  # noqa: FBT001
    assert is_known(Headers({"if-none-match": header}), ETAG) is known
