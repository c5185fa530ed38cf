"""``crm.lead.userfield.*`` and ``crm.userfield.*``: the fields that a portal adds to its leads."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kernel.conditions import Sorting
from portal.modules.crm import wiring
from portal.modules.crm.contracts import CardKind, FieldId
from portal.modules.crm.domain.custom.definitions import PREFIX, FieldDetails, FieldType, type_of
from portal.modules.crm.domain.custom.definitions import Field as OwnField
from portal.modules.crm.errors import (
    FieldNameInvalidError,
    FieldNameTakenError,
    FieldNameTooLongError,
    FieldNotFoundError,
    FieldTypeNotYetError,
    FieldTypeUnknownError,
    ItemTakenError,
)
from portal.modules.crm.rest import short_lists, titles, userfield_rows, userfield_settings
from portal.modules.crm.rest.access import require_administrator
from portal.rest.method import Call, CallError, Listed, Method, Parameters, is_true

REFUSED = 403
"""How these methods refuse somebody who is no administrator."""
_BY_SORT = (Sorting("sort"), Sorting("id"))


async def add_field(call: Call) -> int:
    """``crm.lead.userfield.add``."""
    require_administrator(call, REFUSED)
    sent = {str(n).upper(): v for n, v in call.parameters.map("fields").items()}
    lists = await wiring.lists_of(call.context.writer)
    with _documented():
        details = FieldDetails(_code(sent), _type(sent), is_true(sent.get("MULTIPLE")))
        given = userfield_rows.given(sent, details, lists.customs)
        service = await wiring.field_service(call.context)
        return (await service.add(_with(details, given))).id


async def get_field(call: Call) -> dict[str, Any]:
    """``crm.lead.userfield.get``."""
    field = await _found(call)
    return userfield_rows.shown(field, userfield_rows.labels_in_all(field.details))


async def list_fields(call: Call) -> Listed:
    """``crm.lead.userfield.list``."""
    lists = await wiring.lists_now(call.context.reader)
    asked, language = _without_language(call.parameters)

    def show(field: OwnField) -> dict[str, Any]:
        labels = userfield_rows.labels_in(field.details, language) if language else {}
        return userfield_rows.shown(field, labels)

    mine = [field for field in lists.fields if field.entity is CardKind.LEAD]
    return short_lists.listed(
        userfield_rows.TABLE,
        mine,
        asked,
        value_of=userfield_rows.value_of,
        show=show,
        order=_BY_SORT,
    )


async def update_field(call: Call) -> bool:
    """``crm.lead.userfield.update``."""
    require_administrator(call, REFUSED)
    field = await _found(call)
    lists = await wiring.lists_of(call.context.writer)
    given = userfield_rows.given(call.parameters.map("fields"), field.details, lists.customs)
    with _documented():
        service = await wiring.field_service(call.context)
        await service.change(field.id, given)
    return True


async def delete_field(call: Call) -> bool:
    """``crm.lead.userfield.delete``."""
    require_administrator(call, REFUSED)
    field_id = FieldId(call.parameters.identifier())
    with _documented():
        service = await wiring.field_service(call.context)
        await service.remove(field_id)
    return True


async def list_types(call: Call) -> list[dict[str, str]]:
    """``crm.userfield.types``."""
    locale = call.context.locale
    return [
        {"ID": t.value, "title": titles.name_of("userfield_types", t.value, locale)}
        for t in FieldType
    ]


async def describe_field(call: Call) -> dict[str, Any]:
    """``crm.userfield.fields``."""
    return _described("userfield", _FIELDS, call.context.locale)


async def describe_item(call: Call) -> dict[str, Any]:
    """``crm.userfield.enumeration.fields``."""
    return _described("userfield_item", _ITEM, call.context.locale)


async def describe_settings(call: Call) -> dict[str, Any]:
    """``crm.userfield.settings.fields``."""
    name = (call.parameters.text("type") or "").strip()
    if not name:
        raise CallError(400, "", "Parameter 'type' is not specified or empty.")
    with _documented():
        known = userfield_settings.OF_TYPES[type_of(name)]
    rows = {name: {"type": kind} for name, kind in known.items()}
    return _described("userfield_settings", rows, call.context.locale)


def _code(sent: Mapping[str, Any]) -> str:
    name = str(sent.get("FIELD_NAME") or "").strip().upper()
    if not name:
        raise CallError(400, "", "The 'FIELD_NAME' field is not found.")
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else name.removeprefix("UF_")


def _type(sent: Mapping[str, Any]) -> FieldType:
    name = str(sent.get("USER_TYPE_ID") or "").strip().lower()
    if not name:
        raise CallError(400, "", "The 'USER_TYPE_ID' field is not found.")
    return type_of(name)


def _with(details: FieldDetails, given: Mapping[str, Any]) -> FieldDetails:
    """Return the new field with what was sent; yes or no is never several values."""
    is_multiple = details.is_multiple and details.type is not FieldType.BOOLEAN
    return FieldDetails(details.code, details.type, is_multiple, **given)


async def _found(call: Call) -> OwnField:
    lists = await wiring.lists_now(call.context.reader)
    with _documented():
        return lists.get_field(FieldId(call.parameters.identifier()))


def _without_language(asked: Parameters) -> tuple[Parameters, str]:
    """Take the language of the labels out of the filter: it is none of the fields' own."""
    wanted = {str(n).strip().upper(): v for n, v in asked.map("filter").items()}
    language = str(wanted.pop("LANG", None) or "")
    return Parameters({**asked.values, "filter": wanted}), language


@contextmanager
def _documented() -> Iterator[None]:
    """Tell what is wrong with a field in the documented words."""
    try:
        yield
    except FieldNotFoundError as error:
        text = f"The entity with ID '{error.values['id']}' is not found"
        raise CallError(400, "ERROR_NOT_FOUND", text) from None
    except FieldNameTooLongError:
        raise _refused("Field name is too long (more than 50 characters).") from None
    except FieldNameInvalidError:
        text = "Field name contains invalid characters. Allowed characters are: A-Z, 0-9 and _."
        raise _refused(text) from None
    except (FieldTypeUnknownError, FieldTypeNotYetError):
        raise _refused("Invalid custom type specified.") from None
    except FieldNameTakenError as error:
        name = f"{PREFIX}{error.values['given']}"
        raise _refused(f"Field {name} for object CRM_LEAD already exists.") from None
    except ItemTakenError as error:
        given = error.values["given"]
        raise _refused(f"List item with XML_ID={given} already exists.") from None


def _refused(text: str) -> CallError:
    return CallError(400, "ERROR_CORE", text)


def _described(
    family: str, rows: Mapping[str, Mapping[str, Any]], locale: str
) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "type": row["type"],
            "title": titles.name_of(family, name, locale),
            **{key: value for key, value in row.items() if key != "type"},
        }
        for name, row in rows.items()
    }


_TEXT, _FLAG, _INT = {"type": "string"}, {"type": "char"}, {"type": "int"}
_IMMUTABLE = {"type": "string", "isImmutable": True}
_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "ID": {"type": "int", "isReadOnly": True},
    **dict.fromkeys(("ENTITY_ID", "FIELD_NAME", "USER_TYPE_ID"), _IMMUTABLE),
    "XML_ID": _TEXT,
    "SORT": _INT,
    **dict.fromkeys(("MULTIPLE", "MANDATORY", "SHOW_FILTER"), _FLAG),
    **dict.fromkeys(("SHOW_IN_LIST", "EDIT_IN_LIST", "IS_SEARCHABLE"), _FLAG),
    **dict.fromkeys(userfield_rows.LABELS, _TEXT),
    "LIST": {"type": "uf_enum_element", "isMultiple": True},
    "SETTINGS": {"type": "object"},
}
_ITEM: Mapping[str, Mapping[str, Any]] = {
    "ID": {"type": "int", "isReadOnly": True},
    "SORT": _INT,
    **dict.fromkeys(("VALUE", "DEF", "XML_ID", "DEL"), _TEXT),
}
_LABELS = "Labels are kept in en, ru, ua and de."
_TYPES = "Fields of the types file, iblock_section and iblock_element do not exist yet."
METHODS = (
    Method(
        "crm.lead.userfield.add", ("crm",), add_field, writes=True, differs=f"{_TYPES} {_LABELS}"
    ),
    Method("crm.lead.userfield.get", ("crm",), get_field, differs=_LABELS),
    Method("crm.lead.userfield.list", ("crm",), list_fields, differs=_LABELS),
    Method("crm.lead.userfield.update", ("crm",), update_field, writes=True, differs=_LABELS),
    Method("crm.lead.userfield.delete", ("crm",), delete_field, writes=True),
    Method("crm.userfield.types", ("crm",), list_types, differs=_TYPES),
    Method("crm.userfield.fields", ("crm",), describe_field),
    Method("crm.userfield.enumeration.fields", ("crm",), describe_item),
    Method("crm.userfield.settings.fields", ("crm",), describe_settings, differs=_TYPES),
)
