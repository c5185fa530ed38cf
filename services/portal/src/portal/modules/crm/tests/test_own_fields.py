"""The portal's own fields and lists, their rules: no database, no HTTP."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import PorticoError
from portal.modules.crm.contracts import CardKind, EntryId, FieldId, ListKind, Semantics
from portal.modules.crm.domain.custom import cards
from portal.modules.crm.domain.custom.definitions import (
    LONGEST_FIELD_CODE,
    MOST_ITEMS,
    Field,
    FieldDetails,
    FieldType,
    Item,
    require_code,
    type_of,
)
from portal.modules.crm.domain.custom.values import default_of, from_text, read, require_settings
from portal.modules.crm.domain.lists import (
    FIRST_OWN_ENTRY,
    MOST_ENTRIES_OF_A_LIST,
    ListEntry,
    NewEntry,
    default_lists,
    in_order,
)
from portal.modules.crm.errors import (
    FieldMandatoryError,
    FieldNameInvalidError,
    FieldNameTooLongError,
    FieldSettingsInvalidError,
    FieldTypeNotYetError,
    FieldTypeUnknownError,
    FieldUnknownError,
    FieldValueError,
    ItemsMisplacedError,
    ItemTakenError,
    ListFullError,
    SemanticsMisplacedError,
    TooManyItemsError,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LISTS = default_lists("en")


def field(kind: FieldType = FieldType.STRING, number: int = 1, **details: Any) -> Field:
    empty = Field(FieldId(number), CardKind.LEAD, FieldDetails(f"F{number}", kind))
    items = details.pop("items", ())
    return replace(empty, details=replace(empty.details, **details)).with_items(items)


CHOICE = field(FieldType.ENUMERATION, items=[Item("a"), Item("b", external_code="B")])


@pytest.mark.parametrize("code", ["TARIFF", "A_1", "X" * LONGEST_FIELD_CODE, "1"])
def test_a_field_is_called_by_capitals_digits_and_underscores(code: str) -> None:
    require_code(code)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("", FieldNameInvalidError),
        ("tariff", FieldNameInvalidError),
        ("A B", FieldNameInvalidError),
        ("A'; DROP TABLE x", FieldNameInvalidError),
        ("Ä", FieldNameInvalidError),
        ("A\n", FieldNameInvalidError),
        ("X" * (LONGEST_FIELD_CODE + 1), FieldNameTooLongError),
    ],
)
def test_another_code_is_refused(code: str, error: type[PorticoError]) -> None:
    with pytest.raises(error):
        require_code(code)


def test_types_that_are_not_there_are_refused_and_those_to_come_say_so() -> None:
    assert type_of("money") is FieldType.MONEY
    with pytest.raises(FieldTypeUnknownError):
        type_of("nonsense")
    for name in ("file", "iblock_section", "iblock_element"):
        with pytest.raises(FieldTypeNotYetError):
            type_of(name)


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (FieldType.STRING, "раз\nдва", "раз\nдва"),
        (FieldType.INTEGER, -5, -5),
        (FieldType.DOUBLE, 1.5, 1.5),
        (FieldType.BOOLEAN, False, False),
        (FieldType.DATE, "2026-02-28", "2026-02-28"),
        (FieldType.DATETIME, "2026-02-28T10:00:00.5+03:00", "2026-02-28T07:00:00+00:00"),
        (
            FieldType.MONEY,
            {"amount": 5, "currency": "EUR"},
            {"amount": "5.00", "currency": "EUR"},
        ),
        (FieldType.URL, "https://example.com", "https://example.com"),
        (FieldType.EMPLOYEE, 7, 7),
        (FieldType.CRM_STATUS, "new", "NEW"),
        (FieldType.CRM, "lead:7", "lead:7"),
        (FieldType.STRING, "", None),
        (FieldType.INTEGER, None, None),
    ],
)
def test_a_value_is_kept_in_one_form(kind: FieldType, value: object, kept: object) -> None:
    assert read(field(kind), value, LISTS) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldType.STRING, 5),
        (FieldType.STRING, "x" * 10_001),
        (FieldType.STRING, "a\x00"),
        (FieldType.INTEGER, "5"),
        (FieldType.INTEGER, True),
        (FieldType.INTEGER, 2**63),
        (FieldType.DOUBLE, float("nan")),
        (FieldType.DOUBLE, 1e300),
        (FieldType.BOOLEAN, 1),
        (FieldType.DATE, "2026-02-30"),
        (FieldType.DATE, 20260228),
        (FieldType.DATETIME, "2026-02-28T10:00:00"),
        (FieldType.MONEY, 5),
        (FieldType.MONEY, {"amount": "x", "currency": "EUR"}),
        (FieldType.MONEY, {"amount": "1e20", "currency": "EUR"}),
        (FieldType.MONEY, {"amount": "1", "currency": "QQQ"}),
        (FieldType.EMPLOYEE, 0),
        (FieldType.CRM_STATUS, "NOPE"),
        (FieldType.CRM, "deal:1"),
        (FieldType.CRM, "lead:x"),
        (FieldType.CRM, 5),
    ],
)
def test_a_value_of_another_type_is_refused(kind: FieldType, value: object) -> None:
    with pytest.raises(FieldValueError):
        read(field(kind), value, LISTS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)


FIELDS = st.builds(field, st.sampled_from(FieldType), is_multiple=st.booleans())


@given(FIELDS, JSON)
def test_whatever_json_is_written_is_kept_or_refused_and_kept_once_more(
    one: Field, value: Any
) -> None:
    try:
        kept = read(one, value, LISTS)
    except FieldValueError:
        return
    assert read(one, kept, LISTS) == kept


def test_a_field_of_many_values_takes_one_or_several() -> None:
    many = field(FieldType.INTEGER, is_multiple=True)
    assert read(many, 5, LISTS) == [5]
    assert read(many, [5, None, 6], LISTS) == [5, 6]
    assert read(many, [None], LISTS) is None
    with pytest.raises(FieldValueError):
        read(many, [1] * 101, LISTS)


def test_items_keep_their_ids_and_none_is_ever_given_again() -> None:
    assert [(i.id, i.value) for i in CHOICE.details.items] == [(1, "a"), (2, "b")]
    fewer = CHOICE.with_items([replace(CHOICE.details.items[0], value="A")])
    more = fewer.with_items([*fewer.details.items, Item("c")])
    assert [(i.id, i.value) for i in more.details.items] == [(1, "A"), (3, "c")]


def test_items_that_cannot_be_told_apart_or_are_misplaced_are_refused() -> None:
    with pytest.raises(ItemTakenError):
        CHOICE.with_items([Item("a", external_code="X"), Item("b", external_code="X")])
    with pytest.raises(ItemTakenError):
        CHOICE.with_items([Item("a", 1), Item("b", 1)])
    with pytest.raises(TooManyItemsError):
        CHOICE.with_items([Item("a")] * (MOST_ITEMS + 1))
    with pytest.raises(ItemsMisplacedError):
        field().with_items([Item("a")])


def test_a_card_takes_and_shows_values_by_code() -> None:
    lists = replace(LISTS, fields=[CHOICE, field(number=2)])
    assert cards.taken(lists, {"F1": 2, "F2": None}) == {1: 2, 2: None}
    assert cards.shown(lists, {1: 2, 2: "x"}) == {"F1": 2, "F2": "x"}
    with pytest.raises(FieldUnknownError):
        cards.taken(lists, {"F3": 1})
    with pytest.raises(FieldValueError):
        cards.taken(lists, {"F1": 3})


def test_what_belongs_to_a_removed_field_or_item_is_not_shown() -> None:
    fewer = CHOICE.with_items([CHOICE.details.items[0]])
    many = replace(fewer, details=replace(fewer.details, is_multiple=True))
    assert cards.shown(replace(LISTS, fields=[fewer]), {1: 2, 9: "x"}) == {}
    assert cards.shown(replace(LISTS, fields=[many]), {1: [1, 2]}) == {"F1": [1]}


def test_an_item_that_is_younger_than_the_lists_is_news() -> None:
    lists = replace(LISTS, fields=[CHOICE])
    assert not cards.has_new_items(lists, {1: 2})
    assert cards.has_new_items(lists, {1: 3})
    assert not cards.has_new_items(lists, {9: 3})


def test_a_mandatory_field_must_be_filled_in() -> None:
    lists = replace(LISTS, fields=[field(is_mandatory=True)])
    cards.require_mandatory(lists, {1: "x"}, None)
    cards.require_mandatory(lists, {}, ("F2",))
    for codes in (None, ("F1",)):
        with pytest.raises(FieldMandatoryError):
            cards.require_mandatory(lists, {}, codes)


def test_a_new_card_begins_with_defaults() -> None:
    items = [Item("a"), Item("b", is_default=True)]
    fields = [
        field(number=1, settings={"default": "x"}),
        field(FieldType.DATE, 2, settings={"default": "now"}),
        field(FieldType.ENUMERATION, 3, items=items),
        field(FieldType.ENUMERATION, 4, is_multiple=True, items=items),
        field(number=5),
    ]
    held = cards.defaults(replace(LISTS, fields=fields), NOW)
    assert held == {1: "x", 2: "2026-11-22", 3: 2, 4: [2]}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (FieldType.INTEGER, {"default": "x"}),
        (FieldType.DOUBLE, {"precision": -1}),
        (FieldType.DOUBLE, {"precision": "2"}),
        (FieldType.CRM_STATUS, {"list": "nonsense"}),
        (FieldType.STRING, {"x": "y" * 5_000}),
    ],
)
def test_settings_that_do_not_go_with_the_type_are_refused(
    kind: FieldType, settings: dict[str, Any]
) -> None:
    with pytest.raises(FieldSettingsInvalidError):
        require_settings(field(kind, settings=settings), LISTS, NOW)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FieldType.STRING, "5", "5"),
        (FieldType.INTEGER, "5", 5),
        (FieldType.DOUBLE, "2.50", Decimal("2.5")),
        (FieldType.BOOLEAN, "true", True),
        (FieldType.DATE, "2026-02-28", date(2026, 2, 28)),
        (FieldType.DATETIME, "2026-02-28T10:00:00+03:00", datetime(2026, 2, 28, 7, tzinfo=UTC)),
        (FieldType.MONEY, "10", Decimal(10)),
    ],
)
def test_a_text_is_compared_as_the_type_of_the_field_says(
    kind: FieldType, text: str, value: object
) -> None:
    assert from_text(field(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (FieldType.INTEGER, "x"),
        (FieldType.DOUBLE, "NaN"),
        (FieldType.BOOLEAN, "yes"),
        (FieldType.DATE, "28.02.2026"),
        (FieldType.DATETIME, "2026-02-28T10:00:00"),
    ],
)
def test_a_text_that_says_nothing_of_the_kind_is_refused(kind: FieldType, text: str) -> None:
    with pytest.raises(FieldValueError):
        from_text(field(kind), text)


def test_the_precision_of_a_number_is_its_fields() -> None:
    assert read(field(FieldType.DOUBLE, settings={"precision": 2}), 1.239, LISTS) == 1.24
    assert default_of(field(FieldType.DOUBLE, settings={"default": 2}), LISTS, NOW) == 2.0


def test_a_new_status_stands_before_the_final_ones() -> None:
    new = LISTS.with_entry(NewEntry(ListKind.LEAD_STATUS, "CALL_BACK", "Call back"))
    codes = [e.code for e in in_order([*LISTS.entries, new]) if e.kind is new.kind]
    assert codes == ["NEW", "IN_PROCESS", "PROCESSED", "CALL_BACK", "CONVERTED", "JUNK"]
    assert new.semantics is Semantics.PROCESS
    assert new.id == FIRST_OWN_ENTRY


def test_an_entry_gets_an_id_that_none_had() -> None:
    mine = replace(LISTS.entries[0], id=EntryId(FIRST_OWN_ENTRY + 4), code="X")
    lists = replace(LISTS, entries=[*LISTS.entries, mine])
    assert lists.with_entry(NewEntry(ListKind.LEAD_SOURCE, "Y", "y")).id == FIRST_OWN_ENTRY + 5


def test_only_statuses_are_final_and_one_of_them_means_success() -> None:
    lost = NewEntry(ListKind.LEAD_STATUS, "LOST", "Lost", semantics=Semantics.FAILURE)
    assert LISTS.with_entry(lost).semantics is Semantics.FAILURE
    for kind, semantics in (
        (ListKind.LEAD_STATUS, Semantics.SUCCESS),
        (ListKind.LEAD_SOURCE, Semantics.FAILURE),
    ):
        with pytest.raises(SemanticsMisplacedError):
            LISTS.with_entry(NewEntry(kind, "X", "x", semantics=semantics))


def test_a_list_holds_only_so_many() -> None:
    full = [
        ListEntry(ListKind.LEAD_SOURCE, f"S{n}", "s", n, "#000000")
        for n in range(MOST_ENTRIES_OF_A_LIST)
    ]
    with pytest.raises(ListFullError):
        replace(LISTS, entries=full).with_entry(NewEntry(ListKind.LEAD_SOURCE, "X", "x"))


def test_a_status_that_is_gone_is_not_final() -> None:
    assert LISTS.semantics_of("CONVERTED").is_final
    assert not LISTS.semantics_of("GONE").is_final
