"""Every prefix of a filter, and what empty values and several values mean."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kernel.conditions import Condition, Operator, Sorting
from portal.rest.fields import Field, Fields, Kind
from portal.rest.filters import NOTHING
from portal.rest.method import CallError

LEADS = Fields(
    [
        Field("ID", "id", Kind.INTEGER, is_read_only=True),
        Field("TITLE", "title", Kind.STRING, is_required=True),
        Field("OPPORTUNITY", "amount", Kind.DOUBLE),
        Field("OPENED", "is_open", Kind.CHAR),
        Field("BIRTHDATE", "born_on", Kind.DATE, empty=""),
        Field("DATE_CREATE", "created_at", Kind.DATETIME, is_read_only=True),
        Field("ASSIGNED_BY_ID", "responsible_id", Kind.USER),
        Field("SOURCE_ID", "source", Kind.CRM_STATUS, status_type="SOURCE"),
        Field("COMPANY_ID", "", Kind.CRM_COMPANY, constant="0"),
        Field("PHONE", "phones", Kind.CRM_MULTIFIELD, is_multiple=True),
        Field("UF_CRM_1", "customs.1", Kind.ENUMERATION, is_dynamic=True, is_multiple=True),
        Field("ORIGIN_ID", "origin", Kind.STRING, is_immutable=True),
    ]
)


@pytest.mark.parametrize(
    ("prefix", "operator"),
    [
        ("", Operator.EQUAL),
        ("=", Operator.EQUAL),
        ("!", Operator.NOT_EQUAL),
        ("!=", Operator.NOT_EQUAL),
        (">", Operator.GREATER),
        (">=", Operator.AT_LEAST),
        ("<", Operator.LESS),
        ("<=", Operator.AT_MOST),
        ("@", Operator.ONE_OF),
        ("!@", Operator.NONE_OF),
        ("%", Operator.CONTAINS),
        ("!%", Operator.LACKS),
        ("=%", Operator.LIKE),
        ("%=", Operator.LIKE),
        ("!=%", Operator.UNLIKE),
        ("!%=", Operator.UNLIKE),
    ],
)
def test_each_prefix_compares_in_its_way(prefix: str, operator: Operator) -> None:
    found = LEADS.conditions({f"{prefix}TITLE": "a"})
    assert found == (Condition("title", operator, ("a",)),)


@pytest.mark.parametrize(
    ("key", "operator"),
    [
        ("TITLE", Operator.ONE_OF),
        ("=TITLE", Operator.ONE_OF),
        ("!TITLE", Operator.NONE_OF),
        ("%TITLE", Operator.CONTAINS),
    ],
)
def test_several_values_mean_any_of_them(key: str, operator: Operator) -> None:
    for several in (["a", "b"], {"0": "a", "5": "b"}):
        assert LEADS.conditions({key: several}) == (Condition("title", operator, ("a", "b")),)


@pytest.mark.parametrize(
    "given",
    [
        *({">ID": ""}, {">=ID": ""}, {"<ID": ""}, {"<=ID": None}, {"@ID": ""}, {"@ID": []}),
        *({"ID": []}, {"%TITLE": ""}, {"=%TITLE": ""}, {"COMPANY_ID": 5}, {">COMPANY_ID": 1}),
        {"TITLE": "a", ">ID": ""},
    ],
)
def test_a_comparison_with_nothing_is_passed_by_none(given: dict[str, object]) -> None:
    assert LEADS.conditions(given) is NOTHING


@pytest.mark.parametrize(
    "given",
    [
        *({}, {"NOBODY": 5}, {"": ""}, {">=": 1}, {"!@ID": []}, {"!%TITLE": ""}, {"!ID": []}),
        *({"COMPANY_ID": 0}, {"=COMPANY_ID": ""}, {"!COMPANY_ID": 5}, {"!@COMPANY_ID": [1]}),
    ],
)
def test_what_all_pass_is_no_condition(given: dict[str, object]) -> None:
    assert LEADS.conditions(given) == ()


def test_an_empty_value_asks_whether_the_field_is_empty() -> None:
    assert LEADS.conditions({"=TITLE": ""}) == (Condition("title", Operator.EMPTY),)
    assert LEADS.conditions({"!TITLE": ""}) == (Condition("title", Operator.FILLED),)
    assert LEADS.conditions({"ASSIGNED_BY_ID": 0}) == (Condition("responsible_id", Operator.EMPTY),)


def test_values_are_of_the_type_of_their_field() -> None:
    found = LEADS.conditions(
        {
            ">ID": "5",
            "<OPPORTUNITY": "10.5",
            "OPENED": "Y",
            ">=date_create": "2026-01-02T03:04:05+03:00",
            "PHONE": 79001112233,
            "UF_CRM_1": ["3", "4"],
        }
    )
    assert isinstance(found, tuple)
    assert [condition.values for condition in found] == [
        (5,),
        (Decimal("10.5"),),
        (True,),
        (datetime(2026, 1, 2, 0, 4, 5, tzinfo=UTC),),
        ("79001112233",),
        (3, 4),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {">ID": "1 OR 1=1"},
        {"ID": "'; DROP TABLE leads; --"},
        {"OPPORTUNITY": "NaN"},
        {"OPPORTUNITY": "1e999999999"},
        {"OPPORTUNITY": "9" * 100},
        {"ID": {"a": {"b": 1}}},
        {"DATE_CREATE": "yesterday"},
        {"DATE_CREATE": "0001-01-01T00:00:00+14:00"},
        {"ASSIGNED_BY_ID": "9" * 30},
        {"TITLE": [["nested"]]},
    ],
)
def test_a_value_that_is_none_is_a_clear_400(given: dict[str, object]) -> None:
    with pytest.raises(CallError, match="Invalid value of field") as refused:
        LEADS.conditions(given)
    assert (refused.value.status, refused.value.code) == (400, "")


def test_an_order_is_read_in_any_letter_case_and_what_is_unknown_is_ignored() -> None:
    given = {
        "date_create": "desc",
        "ID": "ASC",
        "NOBODY": "ASC",
        "PHONE": "ASC",
        "COMPANY_ID": "ASC",
    }
    assert LEADS.order(given) == (Sorting("created_at", is_descending=True), Sorting("id"))
