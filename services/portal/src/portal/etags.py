"""ETags of things two people edit: the version number, quoted (RFC 9110 §8.8.3)."""

from typing import Annotated

from fastapi import Depends, Header

from kernel.errors import InvalidError, PreconditionFailedError


class VersionMalformedError(InvalidError):
    """``If-Match`` holds something that no ETag of ours looks like."""

    code = "if-match-malformed"


def of_version(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def check(expected: int | None, version: int) -> None:
    """Raise ``PreconditionFailedError`` if somebody changed the thing since it was read."""
    if expected is not None and expected != version:
        raise PreconditionFailedError(current=of_version(version))


async def _if_match(
    if_match: Annotated[
        str | None, Header(description="ETag of what you read; `*` for any")
    ] = None,
) -> int | None:
    if if_match is None or if_match == "*":
        return None
    digits = if_match.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise VersionMalformedError
    return int(digits)


IfMatch = Annotated[int | None, Depends(_if_match)]
