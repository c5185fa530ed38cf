"""A field of the portal's own as ``crm.*.userfield.*`` show and take it."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.modules.crm.contracts import CardKind
from portal.modules.crm.domain.custom.definitions import (
    LONGEST_EXTERNAL_CODE,
    LONGEST_ITEM,
    PREFIX,
    FieldDetails,
    FieldType,
    Filtering,
    Item,
)
from portal.modules.crm.domain.custom.definitions import (
    Field as OwnField,
)
from portal.modules.crm.domain.lists import Customs
from portal.modules.crm.rest import titles, userfield_settings
from portal.modules.crm.schemas.custom import LONGEST_LABEL
from portal.rest.fields import Field, Kind
from portal.rest.method import CallError, integer_of, is_true

ENTITIES: Mapping[CardKind, str] = {CardKind.LEAD: "CRM_LEAD", CardKind.CONTACT: "CRM_CONTACT"}
LABELS: Mapping[str, str] = {
    "EDIT_FORM_LABEL": "form",
    "LIST_COLUMN_LABEL": "list",
    "LIST_FILTER_LABEL": "filter",
    "ERROR_MESSAGE": "error",
    "HELP_MESSAGE": "help",
}
# Ours is the code of the language, theirs that of the country
LANGUAGES: Mapping[str, str] = {"en": "en", "ru": "ru", "ua": "uk", "de": "de"}
FILTERINGS: Mapping[Filtering, str] = {
    Filtering.NONE: "N",
    Filtering.EXACT: "I",
    Filtering.MASK: "E",
    Filtering.PART: "S",
}
_FILTERINGS_BY_LETTER = {letter: f for f, letter in FILTERINGS.items()} | {"Y": Filtering.MASK}

ROWS: tuple[Field, ...] = (
    Field("ID", "id", Kind.INTEGER, is_read_only=True),
    Field("ENTITY_ID", "entity", Kind.STRING, is_immutable=True),
    Field("FIELD_NAME", "name", Kind.STRING, is_immutable=True),
    Field("USER_TYPE_ID", "type", Kind.STRING, is_immutable=True),
    Field("XML_ID", "external_code", Kind.STRING),
    Field("SORT", "sort", Kind.INTEGER),
    Field("MULTIPLE", "is_multiple", Kind.CHAR, is_immutable=True),
    Field("MANDATORY", "is_mandatory", Kind.CHAR),
    Field("SHOW_FILTER", "filtering", Kind.STRING),
    Field("SHOW_IN_LIST", "is_listed", Kind.CHAR),
    Field("EDIT_IN_LIST", "is_editable", Kind.CHAR),
    Field("IS_SEARCHABLE", "is_searchable", Kind.CHAR),
)
TABLE = titles.by_locale("userfield", ROWS)["en"]


def value_of(field: OwnField, name: str) -> Any:
    """Return what a list of fields is filtered and sorted by."""
    match name:
        case "id":
            return field.id
        case "entity":
            return ENTITIES[field.entity]
        case "name":
            return PREFIX + field.details.code
        case "filtering":
            return FILTERINGS[field.details.filtering]
        case _:
            return getattr(field.details, name)


def shown(field: OwnField, labels: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field as it goes over the wire; ``labels`` are its labels, in the form asked for."""
    details = field.details
    return {
        "ID": str(field.id),
        "ENTITY_ID": ENTITIES[field.entity],
        "FIELD_NAME": PREFIX + details.code,
        "USER_TYPE_ID": details.type.value,
        "XML_ID": details.external_code or None,
        "SORT": str(details.sort),
        "MULTIPLE": _flag(details.is_multiple),
        "MANDATORY": _flag(details.is_mandatory),
        "SHOW_FILTER": FILTERINGS[details.filtering],
        "SHOW_IN_LIST": _flag(details.is_listed),
        "EDIT_IN_LIST": _flag(details.is_editable),
        "IS_SEARCHABLE": _flag(details.is_searchable),
        "SETTINGS": userfield_settings.shown(details) or [],
        **labels,
        **_items(details),
    }


def labels_in_all(details: FieldDetails) -> dict[str, dict[str, str]]:
    """Return the labels by language."""
    return {
        name: {lang: details.labels.get(purpose, {}).get(ours, "") for lang, ours in _LANGUAGES}
        for name, purpose in LABELS.items()
    }


def labels_in(details: FieldDetails, language: str) -> dict[str, str | None]:
    """Return the labels in one language of the wire."""
    ours = LANGUAGES.get(language.lower(), "")
    return {n: details.labels.get(purpose, {}).get(ours) for n, purpose in LABELS.items()}


def given(sent: Mapping[str, Any], details: FieldDetails, customs: Customs) -> dict[str, Any]:
    """Return what is written of a field, by the names of ``FieldDetails``.

    ``details`` are what the field is by now; what cannot change, and what nobody knows, is ignored.
    """
    names = {str(name).upper(): value for name, value in sent.items()}
    written = TABLE.read(names, is_change=True)
    external_code = written.get("external_code") or details.external_code
    written["external_code"] = _short("XML_ID", external_code, LONGEST_EXTERNAL_CODE)
    written["sort"] = max(1, written.get("sort") or details.sort)
    if "filtering" in written:
        letter = str(written["filtering"] or "N").strip().upper()
        written["filtering"] = _FILTERINGS_BY_LETTER.get(letter, Filtering.NONE)
    written["labels"] = {**details.labels, **_labels(names)}
    settings = names.get("SETTINGS")
    if isinstance(settings, Mapping):
        read = userfield_settings.read(details, settings, customs)
        written["settings"] = {**details.settings, **read}
    if details.type is FieldType.ENUMERATION and "LIST" in names:
        written["items"] = _changed_items(details.items, names["LIST"])
    return written


def _labels(names: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    everywhere = names.get("LABEL")
    return {
        purpose: _label(names.get(name, everywhere), everywhere)
        for name, purpose in LABELS.items()
        if names.get(name, everywhere) is not None
    }


def _label(value: Any, everywhere: Any) -> dict[str, str]:
    """Return a label by our languages: of a map its texts, of a text the same for all."""
    texts = (
        {str(lang).lower(): text for lang, text in value.items()}
        if isinstance(value, Mapping)
        else dict.fromkeys(LANGUAGES, value)
    )
    chosen = {ours: texts.get(lang, everywhere) for lang, ours in _LANGUAGES}
    return {
        ours: _short("LABEL", text, LONGEST_LABEL)
        for ours, text in chosen.items()
        if text not in (None, "", [], {})
    }


def _items(details: FieldDetails) -> dict[str, list[dict[str, str]]]:
    if details.type is not FieldType.ENUMERATION:
        return {}
    return {"LIST": [_item_shown(item) for item in details.items]}


def _item_shown(item: Item) -> dict[str, str]:
    return {
        "ID": str(item.id),
        "SORT": str(item.sort),
        "VALUE": item.value,
        "DEF": _flag(item.is_default),
        "XML_ID": item.external_code,
    }


def _changed_items(old: Sequence[Item], sent: Any) -> tuple[Item, ...]:
    """Return the choices as they become: those with an ID change or go, the others are new."""
    rows = list(sent.values()) if isinstance(sent, Mapping) else sent
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise CallError(400, "", "Parameter 'LIST' must be array.")
    items = {item.id: item for item in old}
    added: list[Item] = []
    for row in ({str(name).upper(): value for name, value in row.items()} for row in rows):
        item = items.get(integer_of(row.get("ID")) or 0)
        if item is not None and is_true(row.get("DEL")):
            del items[item.id]
        elif item is not None:
            items[item.id] = _item(row, item)
        elif str(row.get("VALUE") or "").strip():
            added.append(_item(row, Item("")))
    return (*items.values(), *added)


def _item(row: Mapping[str, Any], old: Item) -> Item:
    return Item(
        value=_short("VALUE", row.get("VALUE") or "", LONGEST_ITEM) or old.value,
        id=old.id,
        sort=max(0, integer_of(row["SORT"]) or 0) if "SORT" in row else old.sort,
        is_default=is_true(row["DEF"]) if "DEF" in row else old.is_default,
        external_code=_short("XML_ID", row.get("XML_ID") or "", LONGEST_EXTERNAL_CODE)
        or old.external_code,
    )


def _short(name: str, value: Any, longest: int) -> str:
    """Return a text that is not too long and has no control characters; else raise the error."""
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    text = str(value).strip() if is_text else ""
    if not is_text or len(text) > longest or not text.isprintable():
        raise CallError(400, "", f"Invalid value of field {name}.")
    return text


def _flag(value: bool) -> str:  # noqa: FBT001  # it renders one
    return "Y" if value else "N"


_LANGUAGES = tuple(LANGUAGES.items())
