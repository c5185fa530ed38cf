"""``Idempotency-Key``: the same key gets the same answer, and nothing happens twice.

The key's row is written first in the request's own transaction and its answer last, so a second request
with the key waits at the row until the first has committed (and then gets its answer) or was undone (and
then runs). Refused requests are not remembered: nothing happened, so a mended one may follow.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import orjson
from fastapi import Request, Response
from sqlalchemy import (
    bindparam,
    delete,
    insert,
    select,
    update,
)

from db.errors import DuplicateKeyError
from db.sessions import WriteSession
from db.statements import Statement
from kernel.errors import ConflictError, InvalidError
from portal.context import Identity
from portal.tables import LONGEST_KEY
from portal.tables import idempotency_keys as keys

HEADER = "idempotency-key"
KEPT = timedelta(hours=24)
NOBODY = 0
KEPT_HEADERS = ("content-type", "etag", "location")

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
# A little of the past is swept with each new key, so the table stays small without a job.
_SWEEP = Statement(
    delete(keys)
    .where(keys.c.portal_id == bindparam("portal_id"), keys.c.created_at < bindparam("before"))
    .with_dialect_options(mysql_limit=8)
)


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
class Attempt:
    """A request that carries a key: either the first, or one to be answered by ``replay``."""

    session: WriteSession
    name: bytes
    actor: int
    replay: Response | None = None

    async def finish(self, response: Response) -> None:
        """Store the answer in the transaction that did the work."""
        headers = {h: response.headers[h] for h in KEPT_HEADERS if h in response.headers}
        await self.session.change(
            _FINISH,
            by=self.actor,
            key=self.name,
            new_status=response.status_code,
            new_headers=orjson.dumps(headers),
            new_body=bytes(response.body),
        )


def key_of(request: Request) -> bytes | None:
    """Return the request's key, or ``None``; a malformed one raises ``KeyMalformedError``."""
    value = request.headers.get(HEADER)
    if value is None:
        return None
    if not (1 <= len(value) <= LONGEST_KEY and all("!" <= c <= "~" for c in value)):
        raise KeyMalformedError(longest=LONGEST_KEY)
    return value.encode("ascii")


async def begin(
    session: WriteSession, name: bytes, request: Request, identity: Identity | None
) -> Attempt:
    """Take the key, waiting for another request that holds it."""
    actor = identity.user_id if identity else NOBODY
    fingerprint = _fingerprint(request.method, request.url.path, await request.body())
    try:
        await session.insert(
            _BEGIN, actor=actor, name=name, fingerprint=fingerprint, created_at=session.now
        )
    except DuplicateKeyError:
        return Attempt(session, name, actor, await _stored(session, actor, name, fingerprint))
    await session.change(_SWEEP, before=session.now - KEPT)
    return Attempt(session, name, actor)


async def _stored(session: WriteSession, actor: int, name: bytes, fingerprint: bytes) -> Response:
    row = await session.first(_FIND, by=actor, key=name)
    if row is None or row[1] is None:
        raise KeyInUseError
    known, status, headers, body = row
    if known != fingerprint:
        raise KeyReusedError
    answer = Response(body, status, headers=orjson.loads(headers))
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _fingerprint(method: str, path: str, body: bytes) -> bytes:
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()
