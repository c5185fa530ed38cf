"""A portal's own fields in the database."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, insert, select, update

from db.errors import DuplicateKeyError
from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement
from portal.modules.crm.contracts import CardKind, FieldId
from portal.modules.crm.domain.custom.definitions import (
    Field,
    FieldDetails,
    FieldType,
    Filtering,
    Item,
)
from portal.modules.crm.errors import FieldNameTakenError
from portal.modules.crm.tables import fields

_CHANGING = ("is_mandatory", "sort", "details", "last_item")
_COLUMNS = ("entity", "code", "type", "is_multiple", *_CHANGING)
# What is only carried along, in one column
_CARRIED = ("external_code", "labels", "settings", "is_listed", "is_editable", "is_searchable")
_MINE = fields.c.portal_id == bindparam("portal_id")
_ALL = Statement(
    select(fields.c.id, *(fields.c[name] for name in _COLUMNS))
    .where(_MINE)
    .order_by(fields.c.sort, fields.c.id)
)
_ADD = Statement(insert(fields), columns=("portal_id", *_COLUMNS))
_SAVE = Statement(
    update(fields)
    .where(_MINE, fields.c.id == bindparam("field"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_REMOVE = Statement(delete(fields).where(_MINE, fields.c.id == bindparam("field")))


async def read_fields(session: ReadSession) -> list[Field]:
    """Return the fields of the session's portal, in their order."""
    return [_to_domain(row) for row in await session.all(_ALL)]


class FieldStore:
    """The fields of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        self._writer = session

    async def read(self) -> Sequence[Field]:
        """Return the fields as this transaction sees them."""
        return await read_fields(self._writer)

    async def add(self, field: Field) -> FieldId:
        """Insert; raises ``FieldNameTakenError``."""
        try:
            return FieldId(await self._writer.insert(_ADD, **_row(field)))
        except DuplicateKeyError:
            raise FieldNameTakenError(given=field.details.code) from None

    async def save(self, field: Field) -> None:
        """Write what has changed."""
        row = {f"new_{name}": value for name, value in _row(field).items()}
        await self._writer.change(_SAVE, field=field.id, **row)

    async def remove(self, field: FieldId) -> None:
        """Remove the field; what cards hold in it is shown no more, since no other gets its id."""
        await self._writer.change(_REMOVE, field=field)


def _row(field: Field) -> dict[str, Any]:
    details = field.details
    carried = {name: getattr(details, name) for name in _CARRIED}
    carried["filtering"] = details.filtering
    carried["items"] = [
        [i.value, i.id, i.sort, i.is_default, i.external_code] for i in details.items
    ]
    return {
        "entity": field.entity.value,
        "code": details.code,
        "type": details.type.value,
        "is_multiple": details.is_multiple,
        "is_mandatory": details.is_mandatory,
        "sort": details.sort,
        "details": orjson.dumps(carried).decode(),
        "last_item": field.last_item,
    }


def _to_domain(row: Row) -> Field:
    field, entity, code, kind, is_multiple, is_mandatory, sort, carried, last_item = row
    said: dict[str, Any] = orjson.loads(carried)
    items = tuple(Item(*item) for item in said.pop("items"))
    details = FieldDetails(
        code,
        FieldType(kind),
        bool(is_multiple),
        bool(is_mandatory),
        sort,
        items=items,
        filtering=Filtering(said.pop("filtering")),
        **said,
    )
    return Field(FieldId(field), CardKind(entity), details, last_item)
