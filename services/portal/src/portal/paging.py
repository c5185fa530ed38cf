"""Keyset paging: a page is asked for by ``limit`` and an opaque ``cursor``, never by an offset.

An offset reads and throws away everything before it and shifts when a row appears; a cursor names the
last row seen and stays right.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel

from kernel.errors import InvalidError

DEFAULT_LIMIT = 50
HIGHEST_LIMIT = 200
# A title of 255 characters of four bytes, in JSON, in base64.
LONGEST_CURSOR = 2048

T = TypeVar("T")


class CursorMalformedError(InvalidError):
    """The cursor was not made by us, or for another list or order."""

    code = "cursor-malformed"


class Page(BaseModel, Generic[T]):
    """One page; ``next`` is the cursor of the following one, or null on the last."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What page is asked for."""

    limit: int
    cursor: str | None

    def position(self, shape: str) -> list[Any] | None:
        """Return the values the cursor holds, or ``None`` on the first page.

        ``shape`` names the list and its order; a cursor of another shape is refused.
        """
        if self.cursor is None:
            return None
        try:
            made_for, *values = orjson.loads(base64.urlsafe_b64decode(self.cursor.encode()))
        except (binascii.Error, ValueError, TypeError):
            raise CursorMalformedError from None
        if made_for != shape:
            raise CursorMalformedError
        return list(values)

    def after_id(self, shape: str) -> int:
        """Return the id the cursor holds, 0 on the first page: for lists in the order of their ids."""
        match self.position(shape):
            case None:
                return 0
            case [int(last)]:
                return last
            case _:
                raise CursorMalformedError


def cursor(shape: str, *values: object) -> str:
    """Return an opaque cursor of the values of the last row."""
    return base64.urlsafe_b64encode(orjson.dumps([shape, *values])).decode()


def cut(rows: Sequence[T], limit: int) -> tuple[Sequence[T], bool]:
    """Split what was read with ``limit + 1`` into the page and whether there is more."""
    return rows[:limit], len(rows) > limit


async def _page_request(
    limit: Annotated[
        int, Query(ge=1, le=HIGHEST_LIMIT, description="items in a page")
    ] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=LONGEST_CURSOR, description="`next` of the page before")
    ] = None,
) -> PageRequest:
    return PageRequest(limit, cursor)


Paging = Annotated[PageRequest, Depends(_page_request)]
