"""What leads and contacts have in common in the database: how they are reached, and found by it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import orjson
from sqlalchemy import bindparam, delete, insert, select

from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from portal.modules.crm.contracts import CardKind
from portal.modules.crm.domain.communications import Email, Phone
from portal.modules.crm.repository.keys import arguments, parameters, size_for
from portal.modules.crm.tables import lookups

_MINE = lookups.c.portal_id == bindparam("portal_id")
_ADD = Statement(insert(lookups), columns=("portal_id", "normalised", "kind", "card_id"))
_FORGET = Statement(
    delete(lookups).where(
        _MINE, lookups.c.kind == bindparam("kind"), lookups.c.card_id == bindparam("card")
    )
)


def packed(phones: Iterable[Phone], emails: Iterable[Email]) -> str:
    """Return phones and addresses as the column ``communications`` holds them."""
    return orjson.dumps(
        [[[p.value, p.type] for p in phones], [[e.value, e.type] for e in emails]]
    ).decode()


def unpacked(stored: str) -> tuple[tuple[Phone, ...], tuple[Email, ...]]:
    """Return what ``packed`` made; an entry's id is its place, if nothing else says otherwise."""
    phones, emails = orjson.loads(stored)
    return (
        tuple([Phone(value, kind, n) for n, (value, kind) in enumerate(phones, 1)]),
        tuple([Email(value, kind, n) for n, (value, kind) in enumerate(emails, 1)]),
    )


@cache
def _find(size: int, kind: CardKind) -> Statement:
    return Statement(
        select(lookups.c.card_id)
        .where(_MINE, lookups.c.normalised.in_(parameters(size)), lookups.c.kind == kind.value)
        .distinct()
        .order_by(lookups.c.card_id)
        .limit(bindparam("limit"))
    )


class LookupRepository:
    """Which cards of one portal are reached by a number or an address."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self, kind: CardKind, keys: Sequence[str], limit: int) -> list[int]:
        """Return the ids of cards that share one of the normalised forms, oldest first."""
        if not keys:
            return []
        statement = _find(size_for(keys), kind)
        rows = await self._session.all(statement, limit=limit, **arguments(keys))
        return [row[0] for row in rows]

    async def find_all(self, keys: Sequence[str], limit: int) -> Mapping[CardKind, Sequence[int]]:
        """Return of each kind so many cards that share one of the normalised forms."""
        found = {kind: await self.find(kind, keys, limit) for kind in CardKind}
        return {kind: cards for kind, cards in found.items() if cards}


class LookupStore(LookupRepository):
    """The same inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def add(self, kind: CardKind, keys: Iterable[tuple[int, str]]) -> None:
        """Note by what cards are reached: pairs of a card's id and a normalised form."""
        rows = [{"normalised": key, "kind": kind.value, "card_id": card} for card, key in keys]
        await self._writer.insert_many(_ADD, rows)

    async def forget(self, kind: CardKind, card: int) -> None:
        """Remove all that was noted of a card."""
        await self._writer.change(_FORGET, kind=kind.value, card=card)
