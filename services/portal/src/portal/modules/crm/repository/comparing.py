"""How each field of a lead is compared: along a column, by a look-up, or within a column of JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    String,
    bindparam,
    cast,
    func,
    or_,
    select,
)

from db.conditions import POSITIVE, Compare, Field, compared
from kernel.conditions import Operator
from portal.modules.crm.contracts import CardKind
from portal.modules.crm.domain.custom.definitions import FieldType
from portal.modules.crm.tables import leads, lookups

_PLAIN = (
    *("id", "version", "title", "status", "source", "first_name", "last_name", "middle_name"),
    *("company_title", "position", "amount", "currency", "comment", "responsible_id", "is_public"),
    *("external_id", "originator_id", "origin_id", "created_at", "created_by", "updated_at"),
    *("updated_by", "moved_at", "moved_by", "closed_at"),
)
_EXTRAS = (
    *("honorific", "birth_date", "source_description", "status_description"),
    *("address.street", "address.street2", "address.city", "address.postal_code"),
    *("address.region", "address.province", "address.country", "address.country_code"),
    *("utm.source", "utm.medium", "utm.campaign", "utm.content", "utm.term"),
)
_NUMBERS = frozenset({FieldType.INTEGER, FieldType.ENUMERATION, FieldType.EMPLOYEE})
_HAS_NONE = {"phones": "[[],%", "emails": "%,[]]"}
_EXACT = {Operator.EQUAL, Operator.ONE_OF}


def _text_within(column: ColumnElement[Any], path: Any) -> ColumnElement[Any]:
    return func.json_value(column, path, type_=String)


def _has(entries: str) -> ColumnElement[bool]:
    """Whether there are any; ``packed`` writes an empty list only so."""
    return leads.c.communications.not_like(_HAS_NONE[entries])


def _reached_by(entries: str) -> Compare:
    """Compare the normalised forms that a lead is found by."""

    def compare(operator: Operator, names: Sequence[str]) -> ColumnElement[bool]:
        if operator.takes_none:
            return _has(entries) if operator is Operator.FILLED else ~_has(entries)
        wanted = compared(lookups.c.normalised, POSITIVE.get(operator, operator), names)
        found = select(lookups.c.card_id).where(
            lookups.c.portal_id == bindparam("portal_id"),
            lookups.c.kind == CardKind.LEAD.value,
            wanted,
        )
        return leads.c.id.not_in(found) if operator in POSITIVE else leads.c.id.in_(found)

    return compare


def _one_of(values: ColumnElement[Any]) -> Compare:
    """Compare a list of JSON: it holds one of the values, or a text that holds one of the texts."""

    def compare(operator: Operator, names: Sequence[str]) -> ColumnElement[bool]:
        if operator in POSITIVE:
            return or_(~compare(POSITIVE[operator], names), values.is_(None))
        if operator in _EXACT:
            return or_(*(func.json_contains(values, bindparam(name)) == 1 for name in names))
        return compared(values, operator, names)

    return compare


FIELDS: Mapping[str, Field] = {
    **{name: leads.c[name] for name in _PLAIN},
    **{name: _text_within(leads.c.extras, f"$.{name}") for name in _EXTRAS},
    "is_amount_manual": _text_within(leads.c.extras, "$.is_amount_manual").is_not(None),
    "has_phone": _has("phones"),
    "has_email": _has("emails"),
    "phones": _reached_by("phones"),
    "emails": _reached_by("emails"),
    "webs": _one_of(func.json_extract(leads.c.extras, "$.webs[*][1]", type_=String)),
    "messengers": _one_of(func.json_extract(leads.c.extras, "$.messengers[*][1]", type_=String)),
}
"""The fields that every lead has, by our names."""

LISTS = frozenset({"webs", "messengers"})
"""Those of them that are compared by ``JSON_CONTAINS``."""


def own(kind: FieldType, path: str, *, is_multiple: bool) -> Field:
    """Return a field of the portal's own; ``path`` names the parameter with the path of its values."""
    where: ColumnElement[Any] = bindparam(path, type_=String)
    if is_multiple:
        return _one_of(func.json_extract(leads.c.custom, where, type_=String))
    text = _text_within(leads.c.custom, where)
    if kind in _NUMBERS:
        return cast(text, BigInteger)
    return cast(text, Numeric(30, 10)) if kind in {FieldType.DOUBLE, FieldType.MONEY} else text
