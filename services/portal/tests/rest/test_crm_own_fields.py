"""The portal's own fields on the wire: each type both ways, their definitions, their settings."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kernel.conditions import Condition, Operator
from kernel.messages import LOCALES
from portal.modules.company.contracts import UserId
from portal.modules.crm.contracts import CardKind, FieldId, LeadId
from portal.modules.crm.domain.custom import cards
from portal.modules.crm.domain.custom.definitions import (
    Field,
    FieldDetails,
    FieldType,
    Filtering,
    Item,
)
from portal.modules.crm.domain.leads import Lead, LeadDetails
from portal.modules.crm.domain.lists import PortalLists, default_lists
from portal.modules.crm.rest import asking, custom_fields, userfield_rows, userfields, writing
from portal.modules.crm.rest import titles as crm_titles
from portal.modules.crm.rest.leads import table_of
from portal.modules.crm.rest.showing import renderer
from portal.rest.method import CallError

from .contract import documented, mismatches

AT = datetime(2026, 11, 22, tzinfo=UTC)
ITEMS = (Item("Радио", 1), Item("Кино", 2, is_default=True, external_code="kino"))
BOUND_TO_BOTH = {"LEAD": "Y", "CONTACT": "Y"}


def field(number: int, kind: FieldType, **more: Any) -> Field:
    items = ITEMS if kind is FieldType.ENUMERATION else ()
    code = more.pop("code", kind.name)
    details = FieldDetails(code, kind, items=items, **more)
    return Field(FieldId(number), CardKind.LEAD, details, last_item=2 if items else 0)


SINGLE = [field(n, kind) for n, kind in enumerate(FieldType, start=1)]
SEVERAL = [
    field(100 + n, kind, code=f"{kind.name}_S", is_multiple=True)
    for n, kind in enumerate(FieldType)
    if kind is not FieldType.BOOLEAN
]
LISTS = replace(default_lists("ru"), fields=[*SINGLE, *SEVERAL])
# What is sent, and what of it is read back
VALUES = [
    ("STRING", "Привет; DROP TABLE crm_leads", "Привет; DROP TABLE crm_leads"),
    ("INTEGER", "-12", "-12"),
    ("INTEGER", 0, "0"),
    ("DOUBLE", "12.50", "12.5"),
    ("DOUBLE", 3, "3"),
    ("BOOLEAN", "Y", True),
    ("BOOLEAN", "0", False),
    ("DATETIME", "2026-11-22T10:00:00+03:00", "2026-11-22T07:00:00+00:00"),
    ("DATETIME", "22.11.2026 10:00:00", "2026-11-22T10:00:00+00:00"),
    ("DATE", "22.11.2026", "2026-11-22T00:00:00+00:00"),
    ("DATE", "2026-11-22", "2026-11-22T00:00:00+00:00"),
    ("MONEY", "100.5|usd", "100.50|USD"),
    ("MONEY", "100", "100.00|RUB"),
    ("URL", "https://example.com/?a=1", "https://example.com/?a=1"),
    ("ADDRESS", "Тверская, 1|55.7;37.6", "Тверская, 1|55.7;37.6"),
    ("ENUMERATION", "2", "2"),
    ("EMPLOYEE", "1", "1"),
    ("CRM_STATUS", "NEW", "NEW"),
    ("CRM", "L_7", "7"),
    ("CRM", "7", "7"),
]


def written(lists: PortalLists, **sent: Any) -> dict[int, Any]:
    """Return what a lead keeps of what was sent."""
    given = writing.given(table_of(lists), lists, sent)
    taken = cards.taken(lists, given.get("custom", {}))
    return {key: value for key, value in taken.items() if value is not None}


def shown(lists: PortalLists, custom: dict[int, Any], *select: str) -> dict[str, Any]:
    details = LeadDetails("Лид", "NEW", "RUB", UserId(1), custom=custom)
    lead = Lead(LeadId(1), 1, details, AT, 1, AT)
    return renderer(table_of(lists).selected(select or ("UF_*",)), lists)(lead)


@pytest.mark.parametrize(("code", "sent", "read"), VALUES)
def test_a_value_comes_back(code: str, sent: object, read: object) -> None:
    name = f"UF_CRM_{code}"
    assert shown(LISTS, written(LISTS, **{name: sent}), name) == {name: read}


@pytest.mark.parametrize(("code", "sent", "read"), [v for v in VALUES if v[0] != "BOOLEAN"])
def test_several_values_come_back(code: str, sent: object, read: object) -> None:
    name = f"UF_CRM_{code}_S"
    kept = written(LISTS, **{name.lower(): {"n0": sent, "n1": ""}})
    assert shown(LISTS, kept, name) == {name: [read]}


def test_what_is_empty_looks_empty() -> None:
    answer = shown(LISTS, {})
    assert (answer["UF_CRM_STRING"], answer["UF_CRM_DATE"]) == (None, "")
    assert answer["UF_CRM_ENUMERATION_S"] == []
    assert len(answer) == len(LISTS.fields)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("INTEGER", "двенадцать"),
        ("INTEGER", "1; DROP TABLE crm_leads"),
        ("DOUBLE", "1e999"),
        ("DATE", "завтра"),
        ("DATETIME", "2026-13-01"),
        ("MONEY", "100|рубли"),
        ("CRM", "D_5"),
        ("CRM", "L_x"),
        ("STRING", {"a": {"b": 1}}),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(code: str, value: object) -> None:
    with pytest.raises(CallError) as refused:
        written(LISTS, **{f"UF_CRM_{code}": value})
    assert (refused.value.status, refused.value.code) == (400, "")
    assert f"UF_CRM_{code}" in refused.value.text


def test_a_choice_that_is_gone_is_not_shown() -> None:
    assert shown(LISTS, {10: 77}, "UF_CRM_ENUMERATION") == {"UF_CRM_ENUMERATION": None}


def test_cards_of_several_kinds_say_of_which() -> None:
    both = replace(LISTS, fields=[field(1, FieldType.CRM, settings=BOUND_TO_BOTH)])
    assert shown(both, written(both, UF_CRM_CRM="C_5")) == {"UF_CRM_CRM": "C_5"}
    contacts = replace(LISTS, fields=[field(1, FieldType.CRM, settings={"CONTACT": "Y"})])
    assert written(contacts, UF_CRM_CRM="5") == {1: "contact:5"}
    assert shown(contacts, {1: "contact:5"}) == {"UF_CRM_CRM": "5"}


def test_a_condition_names_the_field_and_what_is_kept() -> None:
    wanted = {">=UF_CRM_DATE": "22.11.2026", "%UF_CRM_STRING": "а", "UF_CRM_CRM": "L_7"}
    assert asking.conditions(table_of(LISTS), LISTS, wanted) == (
        Condition("custom.DATE", Operator.AT_LEAST, ("2026-11-22",)),
        Condition("custom.STRING", Operator.CONTAINS, ("а",)),
        Condition("custom.CRM", Operator.EQUAL, ("lead:7",)),
    )


@pytest.mark.parametrize("custom", [{}, {1: "а"}, {99: "а"}, {10: 2}, {109: [1, 2]}])
def test_lists_know_what_a_card_holds_in_fields_and_choices_that_are_there_or_gone(
    custom: dict[int, Any],
) -> None:
    assert not custom_fields.are_older(LISTS, custom)


@pytest.mark.parametrize("custom", [{113: "а"}, {10: 3}, {109: [1, 3]}])
def test_lists_that_do_not_know_a_field_or_choice_of_a_card_yet_are_older(
    custom: dict[int, Any],
) -> None:
    assert custom_fields.are_older(LISTS, custom)


def test_a_field_is_described_with_its_labels_choices_and_settings() -> None:
    labels = {"list": {"ru": "Канал", "en": "Channel"}, "form": {"en": "Channel"}}
    mine = field(5, FieldType.ENUMERATION, labels=labels, is_mandatory=True)
    row = custom_fields.described(replace(LISTS, fields=[mine]), "ru")["UF_CRM_ENUMERATION"]
    assert (row["type"], row["isRequired"], row["isDynamic"]) == ("enumeration", True, True)
    assert (row["title"], row["listLabel"]) == ("UF_CRM_ENUMERATION", "Канал")
    assert row["formLabel"] == "UF_CRM_ENUMERATION"
    assert row["items"] == [{"ID": "1", "VALUE": "Радио"}, {"ID": "2", "VALUE": "Кино"}]


def definition(**sent: Any) -> FieldDetails:
    """Return the field that comes of what was sent."""
    details = FieldDetails(userfields._code(sent), userfields._type(sent))
    given = userfield_rows.given(sent, details, LISTS.customs)
    return userfields._with(details, given)


def as_shown(details: FieldDetails) -> dict[str, Any]:
    labels = userfield_rows.labels_in_all(details)
    return userfield_rows.shown(Field(FieldId(6997), CardKind.LEAD, details), labels)


def test_a_definition_has_the_documented_shape() -> None:
    wanted = documented("crm.userfield")["crm.lead.userfield.get"]["result"]
    languages = ("ar", "br", "fr", "hi", "id", "in", "it", "ja", "kz", "la", "ms", "pl", "sc")
    answer = as_shown(definition(FIELD_NAME="HELLO_WORLD", USER_TYPE_ID="string"))
    lacking = (*languages, "tc", "th", "tr", "vn")
    assert mismatches(wanted, answer, lacking=lacking) == []


def test_a_definition_comes_back() -> None:
    answer = as_shown(
        definition(
            FIELD_NAME="my_list",
            USER_TYPE_ID="enumeration",
            XML_ID="MY_LIST",
            SORT="2000",
            MANDATORY="Y",
            SHOW_FILTER="S",
            SHOW_IN_LIST="N",
            LABEL="Мой список",
            EDIT_FORM_LABEL={"ru": "Форма", "de": "Formular"},
            SETTINGS={"DISPLAY": "CHECKBOX", "LIST_HEIGHT": "3", "NOPE": 1},
            LIST=[{"VALUE": "Первый", "DEF": "Y", "SORT": 10}, {"VALUE": ""}, {"VALUE": "Второй"}],
        )
    )
    assert (answer["FIELD_NAME"], answer["XML_ID"]) == ("UF_CRM_MY_LIST", "MY_LIST")
    assert (answer["SORT"], answer["MANDATORY"], answer["SHOW_FILTER"]) == ("2000", "Y", "S")
    assert (answer["SHOW_IN_LIST"], answer["EDIT_IN_LIST"]) == ("N", "Y")
    assert answer["EDIT_FORM_LABEL"] == {
        "en": "Мой список",
        "ru": "Форма",
        "ua": "Мой список",
        "de": "Formular",
    }
    assert answer["SETTINGS"] == {"DISPLAY": "CHECKBOX", "LIST_HEIGHT": 3}
    assert [(i["VALUE"], i["DEF"], i["SORT"]) for i in answer["LIST"]] == [
        ("Первый", "Y", "10"),
        ("Второй", "N", "500"),
    ]


@pytest.mark.parametrize(
    ("kind", "sent", "answered"),
    [
        ("string", "Привет", "Привет"),
        ("integer", "12", 12),
        ("double", "1.5", 1.5),
        ("boolean", 1, 1),
        ("boolean", "0", 0),
        ("date", {"TYPE": "NOW"}, {"VALUE": "", "TYPE": "NOW"}),
        (
            "date",
            {"TYPE": "FIXED", "VALUE": "22.11.2026"},
            {"VALUE": "2026-11-22", "TYPE": "FIXED"},
        ),
        ("datetime", {"TYPE": "NONE", "VALUE": "x"}, {"VALUE": "", "TYPE": "NONE"}),
        ("money", "100|USD", "100.00|USD"),
        ("url", "", ""),
    ],
)
def test_a_default_comes_back(kind: str, sent: object, answered: object) -> None:
    details = definition(FIELD_NAME="A", USER_TYPE_ID=kind, SETTINGS={"DEFAULT_VALUE": sent})
    assert as_shown(details)["SETTINGS"]["DEFAULT_VALUE"] == answered


def test_yes_or_no_is_never_several_values() -> None:
    boolean = FieldDetails("A", FieldType.BOOLEAN, is_multiple=True)
    assert not userfields._with(boolean, {}).is_multiple


def test_choices_are_changed_by_id_added_and_removed() -> None:
    sent = {
        "n0": {"ID": 1, "VALUE": "Радио «Маяк»"},
        "n1": {"ID": "2", "DEL": "Y"},
        "n2": {"VALUE": "Газета"},
        "n3": {"ID": 77, "VALUE": "Журнал"},
    }
    details = field(1, FieldType.ENUMERATION).details
    given = userfield_rows.given({"LIST": sent}, details, LISTS.customs)
    assert given["items"] == (Item("Радио «Маяк»", 1), Item("Газета"), Item("Журнал"))


def test_what_a_field_is_stays() -> None:
    details = FieldDetails("A", FieldType.STRING, filtering=Filtering.PART, sort=50)
    sent = {"FIELD_NAME": "B", "USER_TYPE_ID": "integer", "MULTIPLE": "Y", "SORT": 0, "ID": 9}
    given = userfield_rows.given(sent, details, LISTS.customs)
    assert replace(details, **given) == details


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("manager_note", "MANAGER_NOTE"),
        ("UF_MANAGER_NOTE", "MANAGER_NOTE"),
        ("UF_CRM_MANAGER_NOTE", "MANAGER_NOTE"),
    ],
)
def test_a_name_gets_its_prefix_once(name: str, code: str) -> None:
    assert userfields._code({"FIELD_NAME": name}) == code


@pytest.mark.parametrize("locale", LOCALES)
def test_every_type_and_setting_has_a_title(locale: str) -> None:
    for kind in FieldType:
        assert crm_titles.name_of("userfield_types", kind.value, locale) != kind.value
    for name in (*userfields._FIELDS, *userfield_rows.LABELS):
        assert crm_titles.name_of("userfield", name, locale) != name or name == "ID"
