"""A table of fields: what is described, read, selected and shown."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from portal.rest.fields import Field, Fields, Kind
from portal.rest.method import CallError
from portal.rest.multifields import Given

from .test_filters import LEADS


def test_fields_describe_themselves() -> None:
    shown = LEADS.described()
    assert list(shown)[:2] == ["ID", "TITLE"]
    assert shown["SOURCE_ID"] == {
        "type": "crm_status",
        "isRequired": False,
        "isReadOnly": False,
        "isImmutable": False,
        "isMultiple": False,
        "isDynamic": False,
        "statusType": "SOURCE",
        "title": "SOURCE_ID",
    }
    assert shown["UF_CRM_1"]["isDynamic"] is True


def test_values_are_read_under_our_names_and_the_rest_is_ignored() -> None:
    given = {
        "TITLE": "a",
        "opened": "Y",
        "ID": 7,
        "COMPANY_ID": 5,
        "NOBODY": 1,
        "OPPORTUNITY": "",
        "BIRTHDATE": "31.12.1999",
        "UF_CRM_1": ["1", "", 2],
        "ORIGIN_ID": "x",
        "PHONE": [{"VALUE": "+7", "VALUE_TYPE": "WORK"}, {"id": "3", "DELETE": "Y"}],
    }
    assert LEADS.read(given) == {
        "title": "a",
        "is_open": True,
        "amount": None,
        "born_on": date(1999, 12, 31),
        "customs.1": [1, 2],
        "origin": "x",
        "phones": [Given(None, "+7", "WORK", False), Given(3, None, None, True)],
    }
    assert "origin" not in LEADS.read(given, is_change=True)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        (Kind.STRING, 5, "5"),
        (Kind.STRING, None, None),
        (Kind.STRING, False, None),
        (Kind.INTEGER, 0, 0),
        (Kind.INTEGER, " 12 ", 12),
        (Kind.INTEGER, 12.0, 12),
        (Kind.USER, "0", None),
        (Kind.DOUBLE, 0, Decimal(0)),
        (Kind.DOUBLE, "1000.50", Decimal("1000.50")),
        (Kind.CHAR, "N", False),
        (Kind.CHAR, True, True),
        (Kind.BOOLEAN, "True", True),
        (Kind.BOOLEAN, "None", False),
        (Kind.MONEY, "10.5|usd", "10.5|USD"),
        (Kind.DATE, "2026-02-03T23:00:00-05:00", date(2026, 2, 3)),
        (Kind.DATETIME, "03.02.2026 10:00:00", datetime(2026, 2, 3, 10, tzinfo=UTC)),
        (Kind.DATETIME, "2026-02-03", datetime(2026, 2, 3, tzinfo=UTC)),
        (Kind.DATETIME, "2026-02-03T10:00:00Z", datetime(2026, 2, 3, 10, tzinfo=UTC)),
    ],
)
def test_a_value_is_read_in_each_way_in_which_clients_send_it(
    kind: Kind, given: Any, value: Any
) -> None:
    assert Field("X", "x", kind).read(given) == value


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        *((Kind.STRING, ["a"]), (Kind.STRING, {"a": 1}), (Kind.STRING, True)),
        *((Kind.INTEGER, "1.5"), (Kind.INTEGER, "١٢"), (Kind.INTEGER, 2**63), (Kind.INTEGER, [])),
        *((Kind.DOUBLE, "1,5"), (Kind.DOUBLE, "Infinity"), (Kind.MONEY, "5|DOLLARS")),
        *((Kind.DATE, "31.02.2026"), (Kind.DATE, "2026"), (Kind.DATETIME, "x" * 100)),
        *((Kind.CRM_MULTIFIELD, "+7"), (Kind.CRM_MULTIFIELD, [1]), (Kind.DATE, 5)),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: Kind, given: Any) -> None:
    with pytest.raises(CallError, match="Invalid value of field X"):
        Field("X", "x", kind).read(given)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (Field("X", "x", Kind.INTEGER), 5, "5"),
        (Field("X", "x", Kind.INTEGER, is_number=True), 5, 5),
        (Field("X", "x", Kind.DOUBLE), Decimal(1000), "1000.00"),
        (Field("X", "x", Kind.DOUBLE, is_number=True), Decimal("0.5"), 0.5),
        (Field("X", "x", Kind.CHAR), False, "N"),
        (Field("X", "x", Kind.BOOLEAN), True, True),
        (Field("X", "x", Kind.STRING), None, None),
        (Field("X", "x", Kind.DATE, empty=""), None, ""),
        (Field("X", "x", Kind.DATE), date(2026, 2, 3), "2026-02-03T00:00:00+00:00"),
        (
            Field("X", "x", Kind.DATETIME),
            datetime(2026, 2, 3, 3, 0, 0, 999, tzinfo=timezone(timedelta(hours=3))),
            "2026-02-03T00:00:00+00:00",
        ),
        (Field("X", "x", Kind.INTEGER, is_multiple=True), (1, 2), ["1", "2"]),
        (Field("X", "x", Kind.CRM_MULTIFIELD, is_multiple=True), [{"ID": "1"}], [{"ID": "1"}]),
        (Field("X", "", Kind.CRM_COMPANY, constant="0"), "never asked", "0"),
    ],
)
def test_a_value_is_shown_as_its_family_of_methods_shows_it(
    field: Field, value: Any, shown: Any
) -> None:
    assert Fields([field]).render(lambda _: value, [field]) == {"X": shown}


@pytest.mark.parametrize(
    ("select", "names"),
    [
        ([], "ID TITLE ORIGIN_ID"),
        (["*"], "ID TITLE ORIGIN_ID"),
        (["id", "NOBODY", 5, None], "ID"),
        (["UF_*", "ID"], "UF_CRM_1 ID"),
        (["*", "UF_*", "PHONE", "ID"], "ID TITLE ORIGIN_ID UF_CRM_1 PHONE"),
    ],
)
def test_a_selection_knows_stars_and_names(select: list[Any], names: str) -> None:
    chosen = [LEADS.find(name) for name in ("ID", "TITLE", "ORIGIN_ID", "UF_CRM_1", "PHONE")]
    fields = Fields(f for f in chosen if f is not None)
    assert [f.name for f in fields.selected(select)] == names.split()


def test_a_portal_may_add_fields() -> None:
    more = LEADS.with_more([Field("UF_CRM_NEW", "customs.2", Kind.URL, is_dynamic=True)])
    assert list(more.described())[-1] == "UF_CRM_NEW"
    assert LEADS.find("UF_CRM_NEW") is None
