"""``Idempotency-Key``: the same key gets the same answer, and nothing happens twice.

The key's row is written first in the request's own transaction and its answer last, so a second request
with the key waits at the row until the first has committed (and then gets its answer) or was undone (and
then runs). Refused requests are not remembered: nothing happened, so a mended one may follow.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import orjson
from fastapi import Request, Response
from sqlalchemy import bindparam, delete, insert, select, update

from db.errors import DuplicateKeyError
from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement
from kernel.errors import ConflictError, InvalidError
from portal.context import Identity
from portal.tables import LONGEST_KEY
from portal.tables import idempotency_keys as keys

HEADER = "idempotency-key"
KEPT = timedelta(hours=24)
NOBODY = 0
KEPT_HEADERS = ("content-type", "etag", "location")
REPLAYED = "Idempotency-Replayed"

_MINE = (
    keys.c.portal_id == bindparam("portal_id"),
    keys.c.actor == bindparam("by"),
    keys.c.name == bindparam("key"),
)
_BEGIN = Statement(
    insert(keys), columns=("portal_id", "actor", "name", "fingerprint", "created_at")
)
_FIND = Statement(
    select(keys.c.fingerprint, keys.c.status, keys.c.headers, keys.c.body).where(*_MINE)
)
_FINISH = Statement(
    update(keys)
    .where(*_MINE)
    .values(
        status=bindparam("new_status"), headers=bindparam("new_headers"), body=bindparam("new_body")
    )
)
# A little of the past is swept with each new key, so the table stays small without a job. Found by a read
# without locks and deleted by name: a range DELETE would wait at the keys of every request under way.
_EXPIRED = Statement(
    select(keys.c.actor, keys.c.name)
    .where(keys.c.portal_id == bindparam("portal_id"), keys.c.created_at < bindparam("before"))
    .order_by(keys.c.created_at)
    .limit(8)
)
_FORGET = Statement(delete(keys).where(*_MINE))


class KeyMalformedError(InvalidError):
    """The key is not 1 to 255 visible ASCII characters."""

    code = "idempotency-key-malformed"


class KeyReusedError(InvalidError):
    """The key was used for another request."""

    code = "idempotency-key-reused"


class KeyInUseError(ConflictError):
    """The first request with this key has not finished."""

    code = "idempotency-key-in-use"


@dataclass(frozen=True, slots=True)
class Key:
    """A key, whose it is, and a fingerprint of the request it was used for."""

    actor: int
    name: bytes
    fingerprint: bytes


async def key_of(request: Request, identity: Identity | None) -> Key | None:
    """Return the request's key, or ``None``; a malformed one raises ``KeyMalformedError``."""
    name = _name(request)
    return None if name is None else _key(request, identity, name, await request.body())


def key_of_stream(request: Request, identity: Identity | None, described_by: bytes) -> Key | None:
    """Like ``key_of`` where the body cannot be kept: whatever tells it from others stands for it."""
    name = _name(request)
    return None if name is None else _key(request, identity, name, described_by)


def part_of(key: Key | None, number: int) -> Key | None:
    """Return the key of one of several transactions of a request, each of which is done once."""
    if key is None:
        return None
    name = key.name + f".{number}".encode()
    if len(name) > LONGEST_KEY:
        name = hashlib.sha256(name).hexdigest().encode()
    return Key(key.actor, name, key.fingerprint)


async def find_answer(session: ReadSession, key: Key | None) -> Response | None:
    """Return the answer that was given under this key, if there is one."""
    if key is None:
        return None
    row = await session.first(_FIND, by=key.actor, key=key.name)
    return None if row is None else _answer(row, key)


async def once(
    session: WriteSession, key: Key | None, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Do the work, or return the answer of the request that did it; waits if that is under way."""
    if key is None:
        return await work()
    session.is_named = True
    try:
        await session.insert(
            _BEGIN,
            actor=key.actor,
            name=key.name,
            fingerprint=key.fingerprint,
            created_at=session.now,
        )
    except DuplicateKeyError:
        return _answer(await session.first(_FIND, by=key.actor, key=key.name), key)
    for actor, name in await session.all(_EXPIRED, before=session.now - KEPT):
        await session.change(_FORGET, by=actor, key=name)
    response = await work()
    await _remember(session, key, response)
    return response


async def _remember(session: WriteSession, key: Key, response: Response) -> None:
    """Store the answer in the transaction that did the work."""
    headers = {h: response.headers[h] for h in KEPT_HEADERS if h in response.headers}
    await session.change(
        _FINISH,
        by=key.actor,
        key=key.name,
        new_status=response.status_code,
        new_headers=orjson.dumps(headers),
        new_body=bytes(response.body),
    )


def _answer(row: Row | None, key: Key) -> Response:
    if row is None or row[1] is None:
        raise KeyInUseError
    known, status, headers, body = row
    if known != key.fingerprint:
        raise KeyReusedError
    answer = Response(body, status, headers=orjson.loads(headers))
    answer.headers[REPLAYED] = "true"
    return answer


def _name(request: Request) -> bytes | None:
    value = request.headers.get(HEADER)
    if value is None:
        return None
    if not (1 <= len(value) <= LONGEST_KEY and all("!" <= c <= "~" for c in value)):
        raise KeyMalformedError(longest=LONGEST_KEY)
    return value.encode("ascii")


def _key(request: Request, identity: Identity | None, name: bytes, body: bytes) -> Key:
    parts = (request.method.encode(), request.url.path.encode(), body)
    actor = identity.user_id if identity else NOBODY
    return Key(actor, name, hashlib.sha256(b"\0".join(parts)).digest())
