"""What a card holds in the portal's own fields: taking what somebody wrote, showing what is kept."""

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any

from portal.modules.crm.domain.custom.definitions import Field, FieldType
from portal.modules.crm.domain.custom.values import default_of, read
from portal.modules.crm.domain.leads import Custom
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.errors import FieldMandatoryError, FieldUnknownError


def taken(lists: PortalLists, given: Mapping[str, Any]) -> dict[int, Any]:
    """Return what is given by code as the card keeps it, ``None`` for what becomes empty.

    Raises ``FieldUnknownError``, ``FieldValueError``.
    """
    return {
        field.id: read(field, value, lists)
        for field, value in ((known_field(lists, code), value) for code, value in given.items())
    }


def defaults(lists: PortalLists, now: datetime) -> dict[int, Any]:
    """Return what a new card holds before anything is written into it."""
    values = ((field.id, default_of(field, lists, now)) for field in lists.fields)
    return {field: value for field, value in values if value is not None}


def known_field(lists: PortalLists, code: str) -> Field:
    """Return the field of this code; raises ``FieldUnknownError``."""
    field = lists.find_field(code)
    if field is None:
        raise FieldUnknownError(field=code)
    return field


def require_mandatory(lists: PortalLists, custom: Custom, codes: Container[str] | None) -> None:
    """Raise ``FieldMandatoryError`` if one of these fields (``None``: any) must be filled in and is not."""
    for field in lists.fields:
        code = field.details.code
        if (
            field.details.is_mandatory
            and field.id not in custom
            and (codes is None or code in codes)
        ):
            raise FieldMandatoryError(field=code)


def shown(lists: PortalLists, custom: Custom) -> dict[str, Any]:
    """Return by code what is kept; what belongs to a field or an item that is gone is not shown."""
    values = ((field, custom.get(field.id)) for field in lists.fields)
    there = ((field.details.code, _present(field, value)) for field, value in values)
    return {code: value for code, value in there if value is not None}


def has_new_items(lists: PortalLists, custom: Custom) -> bool:
    """Whether the card holds an item that the lists cannot know yet: they were read before it was made."""
    return any(
        item > field.last_item
        for field in lists.fields
        if field.details.type is FieldType.ENUMERATION
        for item in _several(custom.get(field.id))
    )


def _present(field: Field, value: Any) -> Any:
    if field.details.type is not FieldType.ENUMERATION or value is None:
        return value
    there = [item for item in _several(value) if field.find_item(item)] or None
    return there if there is None or isinstance(value, list) else there[0]


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
