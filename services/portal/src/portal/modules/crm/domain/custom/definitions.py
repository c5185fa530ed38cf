"""A field of a portal's own: its name, its type, and the items of one that is a choice."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from portal.modules.crm.contracts import CardKind, FieldId
from portal.modules.crm.errors import (
    FieldNameInvalidError,
    FieldNameTooLongError,
    FieldSettingsInvalidError,
    FieldTypeNotYetError,
    FieldTypeUnknownError,
    ItemsMisplacedError,
    ItemTakenError,
    TooManyItemsError,
)

# Programs know a field by a prefix and its code, fifty characters together.
LONGEST_NAME = 50
PREFIX = "UF_CRM_"
LONGEST_FIELD_CODE = LONGEST_NAME - len(PREFIX)
MOST_FIELDS = 200
MOST_ITEMS = 500
LONGEST_ITEM = LONGEST_EXTERNAL_CODE = 255
LARGEST_SETTINGS = 4_096
LARGEST_LABELS = 16_384
HIGHEST_SORT = 2**31 - 1

_CODE = re.compile(r"[A-Z0-9_]+")
_NOT_YET = frozenset({"file", "iblock_section", "iblock_element"})


class FieldType(StrEnum):
    """What the values of a field are."""

    STRING = "string"
    INTEGER = "integer"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    DATE = "date"
    MONEY = "money"
    URL = "url"
    ADDRESS = "address"
    ENUMERATION = "enumeration"
    EMPLOYEE = "employee"
    CRM_STATUS = "crm_status"
    CRM = "crm"


class Filtering(StrEnum):
    """How people may look for a field's values."""

    NONE = "none"
    EXACT = "exact"
    MASK = "mask"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Item:
    """One choice of an enumeration; values name its ``id``, which is never given to another. 0: new."""

    value: str
    id: int = 0
    sort: int = 500
    is_default: bool = False
    external_code: str = ""


@dataclass(frozen=True, slots=True)
class FieldDetails:
    """What administrators write about a field.

    ``labels`` are texts by purpose (form, list, filter, error, help) and language. Of ``settings`` we know
    ``default``; ``precision`` of a double; ``list`` of a crm_status, a ``ListKind``. The rest is for
    those who show the field, and kept.
    """

    code: str
    type: FieldType
    is_multiple: bool = False
    is_mandatory: bool = False
    sort: int = 100
    external_code: str = ""
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    items: tuple[Item, ...] = ()
    filtering: Filtering = Filtering.NONE
    is_listed: bool = True
    is_editable: bool = True
    is_searchable: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it is kept; ``last_item`` is the highest id that an item of it ever had."""

    id: FieldId
    entity: CardKind
    details: FieldDetails
    last_item: int = 0

    @property
    def key(self) -> str:
        """Under which name the card keeps the value."""
        return f"f{self.id}"

    def find_item(self, item: int) -> Item | None:
        """Return the choice of this id."""
        return next((i for i in self.details.items if i.id == item), None)

    def with_items(self, items: Sequence[Item]) -> "Field":
        """Return the field with these choices: those it had keep their ids, the others get the next.

        Raises ``ItemsMisplacedError``, ``TooManyItemsError``, ``ItemTakenError``.
        """
        require_items(self.details.type, items)
        known = {i.id for i in self.details.items}
        last = self.last_item
        result: list[Item] = []
        for item in items:
            last += item.id not in known
            result.append(item if item.id in known else replace(item, id=last))
        result.sort(key=lambda item: (item.sort, item.id))
        return replace(self, details=replace(self.details, items=tuple(result)), last_item=last)


def require_code(code: str) -> None:
    """Raise ``FieldNameTooLongError`` or ``FieldNameInvalidError`` unless a field can be called so."""
    if len(code) > LONGEST_FIELD_CODE:
        raise FieldNameTooLongError(limit=LONGEST_FIELD_CODE)
    if not _CODE.fullmatch(code):
        raise FieldNameInvalidError(given=code)


def type_of(name: str) -> FieldType:
    """Return the type; raises ``FieldTypeUnknownError`` or ``FieldTypeNotYetError``."""
    if name in _NOT_YET:
        raise FieldTypeNotYetError(given=name)
    try:
        return FieldType(name)
    except ValueError:
        raise FieldTypeUnknownError(given=name) from None


def require_items(kind: FieldType, items: Sequence[Item]) -> None:
    """Raise unless a field of the type may have these choices."""
    if items and kind is not FieldType.ENUMERATION:
        raise ItemsMisplacedError(type=kind)
    if len(items) > MOST_ITEMS:
        raise TooManyItemsError(limit=MOST_ITEMS)
    seen: set[object] = set()
    for item in items:
        if (
            not 1 <= len(item.value) <= LONGEST_ITEM
            or len(item.external_code) > LONGEST_EXTERNAL_CODE
        ):
            raise FieldSettingsInvalidError(reason="items")
        marks = {mark for mark in (item.id, item.external_code) if mark}
        if marks & seen:
            raise ItemTakenError(given=", ".join(map(str, marks & seen)))
        seen |= marks
