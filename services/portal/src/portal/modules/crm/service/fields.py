"""Adding, changing and removing the portal's own fields."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from kernel.facts import Fact
from portal.modules.crm.contracts import CardKind, FieldId
from portal.modules.crm.domain.custom.definitions import (
    MOST_FIELDS,
    Field,
    FieldDetails,
    require_code,
)
from portal.modules.crm.domain.custom.values import require_settings
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.errors import FieldNameTakenError, TooManyFieldsError
from portal.modules.crm.repository.fields import FieldStore

ENTITY = "crm_field"
UNSAVED = FieldId(0)


class FieldService:
    """Use cases of the fields of leads; who may do it was asked before."""

    def __init__(
        self,
        *,
        fields: FieldStore,
        lists: PortalLists,
        publish: Callable[[Fact], None],
        now: datetime,
    ) -> None:
        """``lists`` are the lists and fields as the transaction sees them."""
        self._fields = fields
        self._lists = lists
        self._publish = publish
        self._now = now

    async def add(self, details: FieldDetails) -> Field:
        """Add a field to leads; raises a number of errors, each about one thing that is wrong."""
        require_code(details.code)
        if self._lists.find_field(details.code) is not None:
            raise FieldNameTakenError(given=details.code)
        if len(self._lists.fields) >= MOST_FIELDS:
            raise TooManyFieldsError(limit=MOST_FIELDS)
        empty = Field(UNSAVED, CardKind.LEAD, replace(details, items=()))
        field = empty.with_items(details.items)
        require_settings(field, self._lists, self._now)
        field = replace(field, id=await self._fields.add(field))
        self._tell(field, "created")
        return field

    async def change(self, field_id: FieldId, given: Mapping[str, Any]) -> Field:
        """Change what is given of a field's details; its code and what its values are stay."""
        old = self._lists.get_field(field_id)
        changed = replace(old.details, **given)
        field = replace(old, details=replace(changed, items=old.details.items))
        field = field.with_items(changed.items)
        require_settings(field, self._lists, self._now)
        if field != old:
            await self._fields.save(field)
            self._tell(field, "updated")
        return field

    async def remove(self, field_id: FieldId) -> None:
        """Remove a field; what cards hold in it is gone with it."""
        field = self._lists.get_field(field_id)
        await self._fields.remove(field_id)
        self._tell(field, "deleted")

    def _tell(self, field: Field, verb: str) -> None:
        told = {"card": field.entity.value, "code": field.details.code, "type": field.details.type}
        self._publish(Fact(ENTITY, field.id, verb, told))
