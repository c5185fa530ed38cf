"""Conditions and ranges of a download (RFC 9110 §13, §14)."""

import re
from dataclasses import dataclass

from fastapi import HTTPException, status
from starlette.datastructures import Headers

_ONE_RANGE = re.compile(r"bytes=(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """First and last byte, both included, of ``size`` bytes."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1

    @property
    def asked(self) -> str:
        """As a ``Range`` header."""
        return f"bytes={self.first}-{self.last}"

    @property
    def answered(self) -> str:
        """As a ``Content-Range`` header."""
        return f"bytes {self.first}-{self.last}/{self.size}"


def is_known(headers: Headers, etag: str) -> bool:
    """Tell whether the client has this version (``If-None-Match``)."""
    known = headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return "*" in tags or etag in tags


def asked_range(headers: Headers, etag: str, size: int) -> ByteRange | None:
    """Return the range asked for, or ``None`` for everything; one outside is a 416.

    Several ranges, another unit or nonsense are answered with everything, as the standard allows; so
    is a range of another version (``If-Range``).
    """
    found = _ONE_RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if found is None or headers.get("if-range", etag) != etag:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        asked = ByteRange(max(0, size - int(suffix)), size - 1, size)
    else:
        asked = ByteRange(int(first), min(int(last or size), size - 1), size)
        if last and int(last) < int(first):
            return None
    if asked.length < 1:
        raise HTTPException(
            status.HTTP_416_RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{size}"}
        )
    return asked
