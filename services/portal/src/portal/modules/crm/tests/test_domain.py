"""The rules of leads, lists, contacts and cells: no database, no HTTP."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidFieldsError
from kernel.messages import LOCALES
from portal.modules.company.contracts import UserId
from portal.modules.crm.contracts import LeadId, ListKind
from portal.modules.crm.domain import leads
from portal.modules.crm.domain.checks import require_sound
from portal.modules.crm.domain.communications import (
    Email,
    Messenger,
    Phone,
    Web,
    lookup_keys,
    normalised_phone,
)
from portal.modules.crm.domain.contacts import ContactDetails
from portal.modules.crm.domain.importing import cells
from portal.modules.crm.domain.importing.cells import CellError, neutralised, original
from portal.modules.crm.domain.importing.columns import guess_delimiter, read_header
from portal.modules.crm.domain.leads import Change, Lead, LeadDetails
from portal.modules.crm.domain.listing import (
    LeadOrder,
    find_reached_by,
    position_of,
    read_position,
)
from portal.modules.crm.domain.lists import default_lists
from portal.modules.crm.domain.parts import Address
from portal.modules.crm.errors import ContactNamelessError, FileRefusedError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, tzinfo=UTC)
DETAILS = LeadDetails("Заявка", "NEW", "RUB", UserId(1))
LEAD = Lead(LeadId(7), 1, DETAILS, NOW, 1, NOW)


def test_a_change_tells_old_and_new_of_each_changed_field_and_counts_the_version() -> None:
    phones = (Phone("+7 495 123-45-67"),)
    new = replace(DETAILS, status="JUNK", amount=Decimal("10.50"), phones=phones)
    lead, fact = LEAD.updated(new, Change(LATER, 3), is_final=True)
    assert (lead.version, lead.updated_at, lead.updated_by, lead.created_at) == (2, LATER, 3, NOW)
    assert (lead.moved_at, lead.moved_by, lead.closed_at) == (LATER, 3, LATER)
    assert fact is not None
    assert (fact.entity, fact.entity_id, fact.verb) == ("lead", 7, "updated")
    assert fact.payload["changes"] == {
        "status": {"old": "NEW", "new": "JUNK"},
        "amount": {"old": None, "new": "10.50"},
        "phones": {"old": [], "new": [{"value": "+7 495 123-45-67", "type": "work"}]},
    }


def test_a_change_to_the_same_tells_nothing() -> None:
    assert LEAD.updated(replace(DETAILS), Change(LATER, 3)) == (LEAD, None)


def test_a_lead_is_moved_only_when_its_status_changes_and_opened_again_when_that_is_not_final() -> (
    None
):
    closed = replace(LEAD, moved_at=NOW, moved_by=1, closed_at=NOW)
    renamed, _ = closed.updated(replace(DETAILS, title="x"), Change(LATER, 3), is_final=True)
    assert (renamed.moved_at, renamed.moved_by, renamed.closed_at) == (NOW, 1, NOW)
    opened, _ = closed.updated(replace(DETAILS, status="IN_PROCESS"), Change(LATER, 3))
    assert (opened.moved_at, opened.moved_by, opened.closed_at) == (LATER, 3, None)


def test_of_a_part_and_of_the_custom_fields_only_what_is_given_changes() -> None:
    old = replace(DETAILS, address=Address(city="Köln", street="Dom 1"), custom={1: "a", 2: "b"})
    new = old.with_given({"address.city": "Bonn", "custom": {2: None, 3: [4]}})
    assert new.address == Address(city="Bonn", street="Dom 1")
    assert new.custom == {1: "a", 3: [4]}
    _, fact = replace(LEAD, details=old).updated(new, Change(LATER, 3))
    assert fact is not None
    assert fact.payload["changes"]["custom"] == {
        "old": {"2": "b", "3": None},
        "new": {"2": None, "3": [4]},
    }
    assert fact.payload["changes"]["address"]["new"]["city"] == "Bonn"


def test_a_field_or_a_part_of_one_is_asked_for_by_its_name() -> None:
    lead = replace(LEAD, details=replace(DETAILS, address=Address(city="Köln")))
    assert [lead.value_of(n) for n in ("id", "title", "address.city")] == [7, "Заявка", "Köln"]


@pytest.mark.parametrize(
    ("given_", "pointer"),
    [
        ({"title": " "}, "/title"),
        ({"title": "x" * 256}, "/title"),
        ({"last_name": "a\x00"}, "/last_name"),
        ({"amount": Decimal(-1)}, "/amount"),
        ({"amount": Decimal("NaN")}, "/amount"),
        ({"amount": Decimal("1e30")}, "/amount"),
        ({"amount": Decimal("0.001")}, "/amount"),
        ({"currency": "QQQ"}, "/currency"),
        ({"responsible_id": 2**63}, "/responsible_id"),
        ({"phones": (Phone("ab"), Phone("1" * 51))}, "/phones/1/value"),
        ({"emails": (Email("a@b c"),)}, "/emails/0/value"),
        ({"webs": (Web("x" * 1001),)}, "/webs/0/value"),
        ({"messengers": (Messenger("x", "y" * 51),)}, "/messengers/0/type"),
        ({"address.city": "x" * 256}, "/address/city"),
        ({"utm.term": "a\nb"}, "/utm/term"),
        ({"origin_id": "x" * 256}, "/origin_id"),
    ],
)
def test_what_may_not_stand_in_a_lead_is_named_whoever_writes_it(
    given_: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidFieldsError) as refused:
        require_sound(DETAILS, DETAILS.with_given(given_))
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_a_new_lead_tells_where_it_came_from() -> None:
    fact = leads.created(LeadId(7), DETAILS, import_id=3)
    assert (fact.payload["title"], fact.payload["import_id"]) == ("Заявка", 3)


@pytest.mark.parametrize(
    ("region", "spellings", "normalised"),
    [
        (
            "RU",
            ["8 (495) 123-45-67", "+7 495 1234567", "84951234567", "007 495 123 45 67"],
            "+74951234567",
        ),
        ("DE", ["069 90009703", "+49 (0)69 90009703", "0049 69 90009703"], "+496990009703"),
        ("UA", ["067 123 45 67", "+380671234567"], "+380671234567"),
        ("", ["+49 69 90009703", "0049 69 90009703"], "+496990009703"),
        ("", ["123-45-67", "1234567"], "1234567"),
        ("RU", ["доб. 12"], "12"),
    ],
)
def test_the_spellings_of_a_number_meet(region: str, spellings: list[str], normalised: str) -> None:
    assert {normalised_phone(text, region) for text in spellings} == {normalised}


def test_what_a_card_is_found_by_is_listed_once() -> None:
    phones = [Phone("8 495 123-45-67"), Phone("+7 495 123 45 67", "mobile"), Phone("+7")]
    keys = lookup_keys(phones, [Email("Ivan@Example.com")], "RU")
    assert keys == ["+74951234567", "ivan@example.com"]


@pytest.mark.parametrize("locale", LOCALES)
def test_each_language_has_complete_default_lists(locale: str) -> None:
    lists = default_lists(locale)
    assert lists.first_status == "NEW"
    assert {e.kind for e in lists.entries} == set(ListKind)
    assert all(e.name and e.colour for e in lists.entries)
    codes = [(e.kind, e.code) for e in lists.entries]
    assert len(codes) == len(set(codes))


def test_a_choice_is_found_by_code_or_name_in_any_case() -> None:
    lists = default_lists("ru")
    for text in ("IN_PROCESS", "in_process", "в работе", "В РАБОТЕ"):
        assert lists.find_code(ListKind.LEAD_STATUS, text) == "IN_PROCESS"
    assert lists.find_code(ListKind.LEAD_STATUS, "CALL") is None


def test_a_contact_is_listed_by_name_else_by_company() -> None:
    assert ContactDetails("Анна", "Кац", "ООО").title == "Анна Кац"
    assert ContactDetails(company_title="ООО").title == "ООО"
    with pytest.raises(ContactNamelessError):
        ContactDetails(phones=(Phone("123"),)).require_name()


@pytest.mark.parametrize("order", LeadOrder)
@pytest.mark.parametrize("amount", [None, Decimal("10.50")])
def test_a_cursor_remembers_the_last_lead(order: LeadOrder, amount: Decimal | None) -> None:
    lead = replace(LEAD, details=replace(DETAILS, amount=amount))
    position = read_position(order, position_of(order, lead))
    values = {"id": None, "created_at": NOW, "amount": amount, "title": "Заявка"}
    assert (position.id, position.value) == (7, values[order.field])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)


@given(st.sampled_from(LeadOrder), st.lists(JSON, max_size=3))
def test_a_cursor_that_we_never_made_is_a_value_error(
    order: LeadOrder, remembered: list[Any]
) -> None:
    try:
        position = read_position(order, remembered)
    except ValueError:
        return
    assert 0 <= position.id < 2**63


@pytest.mark.parametrize(
    ("search", "reached_by"),
    [
        ("8 (495) 123-45-67", "+74951234567"),
        ("123-45-67", "1234567"),
        ("Ivan@Exa", "ivan@exa"),
        ("паллеты 1200", None),
        ("12345", None),
    ],
)
def test_numbers_and_addresses_are_searched_for_as_such(
    search: str, reached_by: str | None
) -> None:
    assert find_reached_by(search, "RU") == reached_by


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("72250", "72250.00"),
        ("72250.5", "72250.50"),
        ("72 250,50", "72250.50"),
        ("72\u00a0250,50", "72250.50"),
        ("72.250,50", "72250.50"),
        ("72,250.50", "72250.50"),
        ("1,234", "1234.00"),
        ("1.234.567", "1234567.00"),
        ("1'234.00", "1234.00"),
        ("0", "0.00"),
        ("007", "7.00"),
        ("9999999999999.99", "9999999999999.99"),
    ],
)
def test_an_amount_is_read_as_people_write_it(cell: str, amount: str) -> None:
    assert str(cells.amount(cell)) == amount


@pytest.mark.parametrize(
    "cell",
    ["", "abc", "-5", "1.2345", "1,23,4", "12.34.56", "1e5", "NaN", "٣", "10000000000000", "."],
)
def test_what_is_no_amount_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        cells.amount(cell)


@given(st.text())
def test_an_amount_is_an_amount_or_refused(cell: str) -> None:
    try:
        amount = cells.amount(cell)
    except CellError:
        return
    assert amount >= 0
    assert len(amount.as_tuple().digits) <= leads.AMOUNT_DIGITS


@given(st.text())
def test_no_exported_cell_is_a_formula_and_each_comes_back(cell: str) -> None:
    exported = neutralised(cell)
    assert not exported.startswith(cells.FORMULA_MARKS)
    if not (cell.startswith("'") and cell[1:].startswith(cells.FORMULA_MARKS)):
        assert original(exported) == cell


def test_columns_are_known_by_common_labels() -> None:
    labels = ["Название лида", "Имя", "E-Mail:", "Мобильный телефон", "Betrag", "Нечто"]
    assert [c.field for c in read_header(labels)] == [
        *("title", "first_name", "email", "mobile_phone", "amount"),
        None,
    ]


def test_of_two_columns_for_one_field_the_first_counts() -> None:
    columns = read_header(["title", "Название", "phone", "Телефон"])
    assert [c.field for c in columns] == ["title", None, "phone", "phone"]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (["phone"], "import-title-column-missing"),
        (["title"] * 101, "import-too-many-columns"),
    ],
)
def test_a_header_without_use_is_refused(labels: list[str], reason: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        read_header(labels)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("Название;Имя;Сумма", ";"),
        ("title,first_name", ","),
        ("title\tphone", "\t"),
        ('"Название, полностью";title;phone', ";"),
        ("title", ","),
    ],
)
def test_the_header_tells_the_delimiter(line: str, delimiter: str) -> None:
    assert guess_delimiter(line) == delimiter
