"""Leads on the wire: the table of fields is that of the documentation, and each form is as its examples."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from kernel.conditions import Condition, Operator, Sorting
from kernel.messages import LOCALES
from portal.modules.company.contracts import UserId
from portal.modules.crm.contracts import LeadId
from portal.modules.crm.domain.communications import Email, Messenger, Phone
from portal.modules.crm.domain.entries import EntryChange, EntryChanges
from portal.modules.crm.domain.leads import Lead, LeadDetails
from portal.modules.crm.domain.lists import default_lists
from portal.modules.crm.domain.parts import Address, Utm
from portal.modules.crm.rest import METHODS, asking, writing
from portal.modules.crm.rest.lead_fields import ROWS, TABLES
from portal.modules.crm.rest.leads import EVERYTHING
from portal.modules.crm.rest.showing import renderer
from portal.rest.filters import NOTHING
from portal.rest.method import CallError

from .contract import documented, mismatches

LEADS = documented("crm.lead")
LISTS = default_lists("ru")
TABLE = TABLES["en"]
AT = datetime(2026, 11, 22, 10, 30, 15, 123456, tzinfo=UTC)
BLANK = Lead(LeadId(7), 1, LeadDetails("Лид", "NEW", "RUB", UserId(1)), AT, 1, AT, 1, AT, 1)
FULL = replace(
    BLANK,
    closed_at=AT,
    details=replace(
        BLANK.details,
        status="JUNK",
        source="CALL",
        honorific="HNR_RU_1",
        first_name="Глеб",
        middle_name="Егорович",
        last_name="Титов",
        birth_date=date(1990, 5, 12),
        company_title="ООО «Титов»",
        position="Директор",
        amount=Decimal("15000.5"),
        comment="раз\nдва",
        is_public=False,
        is_amount_manual=True,
        originator_id="amo",
        origin_id="17",
        source_description="выставка",
        status_description="не наш",
        address=Address("Тверская, 1", "кв. 2", "Москва", "101000", "", "", "Россия", "RU"),
        utm=Utm("google", "cpc", "autumn", "banner", "crm"),
        phones=(Phone("+7 999 123-45-67", "mobile", 3),),
        emails=(Email("gleb@example.com", "work", 1),),
        messengers=(Messenger("@gleb", "telegram", 2),),
    ),
)
# The example names custom fields of its portal, which no other has
EXAMPLE_FIELDS = ("UF_CRM_1704817278", "UF_CRM_1706782596092", "UF_CRM_1708952993785")


def shown(lead: Lead, *select: str) -> dict[str, Any]:
    return renderer(TABLE.selected(select or EVERYTHING), LISTS)(lead)


def given(**sent: Any) -> dict[str, Any]:
    return writing.given(TABLE, LISTS, sent)


def conditions(**wanted: Any) -> Any:
    return asking.conditions(TABLE, LISTS, wanted)


@pytest.mark.parametrize("family", ["crm.lead", "crm.status", "crm.enum", "crm.duplicate"])
def test_each_method_is_there_with_its_scopes(family: str) -> None:
    mine = {method.name: method for method in METHODS}
    later = ("crm.lead.contact.", "crm.lead.productrows.")
    for name, method in documented(family).items():
        if not name.startswith(later):
            assert set(mine[name].scopes) == set(method["scopes"]), name


def test_what_is_not_there_yet_is_not_declared() -> None:
    assert not [m.name for m in METHODS if m.name.startswith("crm.lead.contact")]


def test_every_documented_field_is_described() -> None:
    described = TABLE.described()
    wanted = LEADS["crm.lead.fields"]["result"]
    assert mismatches(wanted, described) == []
    assert list(described) == list(wanted)


@pytest.mark.parametrize("locale", LOCALES)
def test_fields_have_titles_in_each_language(locale: str) -> None:
    titles = {name: row["title"] for name, row in TABLES[locale].described().items()}
    assert [name for name, title in titles.items() if title == name] == ["ID"]
    assert (
        titles["LAST_NAME"]
        == {
            "en": "Last name",
            "ru": "Фамилия",
            "uk": "Прізвище",
            "de": "Nachname",
        }[locale]
    )


@pytest.mark.parametrize("lead", [BLANK, FULL])
def test_a_lead_has_the_documented_shape(lead: Lead) -> None:
    wanted = dict(LEADS["crm.lead.get"]["result"])
    if not lead.details.phones:
        wanted = {name: shape for name, shape in wanted.items() if name not in {"PHONE", "IM"}}
    # the example was called after a number, and had a source of somebody's own
    wanted["SOURCE_ID"] = "string"
    assert mismatches(wanted, shown(lead)) == []


def test_a_lead_of_a_list_has_the_documented_shape() -> None:
    [wanted] = LEADS["crm.lead.list"]["result"]
    assert mismatches(wanted, shown(FULL, "*", "UF_*"), lacking=EXAMPLE_FIELDS) == []


def test_what_is_empty_looks_empty() -> None:
    answer = shown(BLANK)
    assert (answer["NAME"], answer["SOURCE_ID"], answer["ADDRESS"]) == (None, None, None)
    assert (answer["BIRTHDATE"], answer["DATE_CLOSED"]) == ("", "")
    assert (answer["OPPORTUNITY"], answer["HAS_PHONE"], answer["COMPANY_ID"]) == ("0.00", "N", None)
    assert not {"PHONE", "EMAIL", "WEB", "IM", "LINK"} & answer.keys()


def test_every_scalar_is_a_text() -> None:
    answer = shown(FULL)
    assert answer["ID"] == "7"
    assert answer["OPPORTUNITY"] == "15000.50"
    assert answer["BIRTHDATE"] == "1990-05-12T00:00:00+00:00"
    assert answer["DATE_CREATE"] == answer["DATE_CLOSED"] == "2026-11-22T10:30:15+00:00"
    assert (answer["STATUS_SEMANTIC_ID"], answer["OPENED"]) == ("F", "N")
    assert answer["PHONE"] == [
        {"ID": "3", "VALUE_TYPE": "MOBILE", "VALUE": "+7 999 123-45-67", "TYPE_ID": "PHONE"}
    ]
    assert answer["IM"][0]["VALUE_TYPE"] == "TELEGRAM"


def test_a_status_that_is_gone_is_no_final_one() -> None:
    gone = replace(BLANK, details=replace(BLANK.details, status="GONE"))
    assert shown(gone, "STATUS_SEMANTIC_ID") == {"STATUS_SEMANTIC_ID": "P"}


def test_an_asterisk_shows_plain_fields_only() -> None:
    assert not {"PHONE", "EMAIL", "CONTACT_IDS"} & shown(FULL, "*").keys()
    assert shown(FULL, "title", "email").keys() == {"TITLE", "EMAIL"}


def test_every_documented_field_can_be_written() -> None:
    written = {row.ours for row in ROWS if row.ours and not row.is_read_only}
    answer = shown(FULL)
    sent = {row.name: answer[row.name] for row in ROWS if row.name in answer}
    assert given(**sent).keys() == written - {"webs"}


def test_what_is_shown_can_be_sent_back() -> None:
    read = given(**shown(FULL))
    details = FULL.details
    assert read["amount"] == Decimal("15000.50")
    assert read["birth_date"] == details.birth_date
    assert read["is_public"] is False
    assert read["address.city"] == "Москва"
    assert read["phones"] == EntryChanges((EntryChange(3, "+7 999 123-45-67", "mobile"),))
    assert details.with_given(read) == replace(details, amount=Decimal("15000.50"))


def test_what_is_left_empty_is_emptied_or_stays() -> None:
    assert given(NAME="", SOURCE_ID="", BIRTHDATE="", OPPORTUNITY=None) == {
        "first_name": "",
        "source": None,
        "birth_date": None,
        "amount": None,
    }
    assert given(TITLE=" ", STATUS_ID="", CURRENCY_ID=None, ASSIGNED_BY_ID=0) == {}


def test_unknown_and_read_only_fields_are_ignored() -> None:
    assert given(NOPE=1, ID=5, DATE_CREATE="2020-01-01", COMPANY_ID=4, UF_CRM_NOPE="x") == {}


def test_names_are_read_in_any_letter_case() -> None:
    assert given(title="а", Name="б") == {"title": "а", "first_name": "б"}


def test_breaks_in_a_line_become_blanks() -> None:
    assert given(TITLE="Звонок\r\nс сайта\t", COMMENTS="a\nb") == {
        "title": "Звонок  с сайта",
        "comment": "a\nb",
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("12500", "12500.00"),
        (12500.005, "12500.01"),
        ("0", "0.00"),
        ("99999999999999999999", "99999999999999999999"),
    ],
)
def test_an_amount_is_rounded_to_the_cent(sent: object, kept: str) -> None:
    assert str(given(OPPORTUNITY=sent)["amount"]) == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("OPPORTUNITY", "много"),
        ("OPPORTUNITY", {"a": 1}),
        ("OPPORTUNITY", "1e400"),
        ("OPPORTUNITY", float("nan")),
        ("ASSIGNED_BY_ID", "1 OR 1=1"),
        ("ASSIGNED_BY_ID", 10**30),
        ("BIRTHDATE", "вчера"),
        ("BIRTHDATE", "31.02.2020"),
        ("TITLE", ["a"]),
        ("PHONE", "+7 999"),
        ("PHONE", [["VALUE"]]),
        ("PHONE", [{"VALUE": {"a": 1}}]),
    ],
)
def test_a_value_that_is_none_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(CallError) as refused:
        given(**{field: value})
    assert (refused.value.status, refused.value.code) == (400, "")
    assert field in refused.value.text


def test_multifields_are_changed_by_id_added_and_deleted() -> None:
    sent = {
        "0": {"ID": "3", "VALUE": "+7 111", "VALUE_TYPE": "HOME"},
        "1": {"ID": 4, "DELETE": "Y"},
        "2": {"ID": 5, "VALUE": ""},
        "3": {"VALUE": " +7 222 "},
    }
    assert given(PHONE=sent)["phones"] == EntryChanges(
        (
            EntryChange(3, "+7 111", "home"),
            EntryChange(4, is_deleted=True),
            EntryChange(5, ""),
            EntryChange(0, "+7 222"),
        )
    )


@pytest.mark.parametrize(
    ("sent", "title"),
    [
        ({"NAME": "Глеб", "LAST_NAME": "Титов"}, "Лид: Глеб Титов"),
        ({"COMPANY_TITLE": "Титов и сыновья"}, "Лид: Титов и сыновья"),
        ({"PHONE": [{"VALUE": "+7 999"}]}, "Лид: +7 999"),
        ({}, "Лид"),
    ],
)
def test_a_lead_without_a_title_is_called_after_what_is_known(
    sent: dict[str, Any], title: str
) -> None:
    assert writing.title_for(given(**sent), "Лид") == title


def test_what_a_status_means_is_asked_for_by_its_codes() -> None:
    assert conditions(STATUS_SEMANTIC_ID="P") == (
        Condition("status", Operator.NONE_OF, ("CONVERTED", "JUNK")),
    )
    [final] = conditions(**{"!STATUS_SEMANTIC_ID": "P"})
    assert final == Condition("status", Operator.NONE_OF, ("NEW", "IN_PROCESS", "PROCESSED"))
    [both] = conditions(**{"@STATUS_SEMANTIC_ID": ["S", "F"]})
    assert both == final


def test_a_field_that_is_not_kept_finds_what_its_constant_says() -> None:
    assert conditions(COMPANY_ID=5) is NOTHING
    assert conditions(COMPANY_ID="") == ()
    assert conditions(HAS_IMOL="N") == ()
    assert conditions(HAS_IMOL="Y") is NOTHING


@pytest.mark.parametrize("name", ["ID", "OPPORTUNITY", "DATE_CREATE", "BIRTHDATE", "OPENED"])
@pytest.mark.parametrize("mark", ["%", "!%", "=%", "!=%"])
def test_a_part_of_any_field_is_a_text(name: str, mark: str) -> None:
    [condition] = conditions(**{f"{mark}{name}": 5})
    assert condition.values == ("5",)


def test_larger_than_nobody_is_everybody() -> None:
    assert conditions(**{">ASSIGNED_BY_ID": "0"}) == (
        Condition("responsible_id", Operator.GREATER, (0,)),
    )


def test_an_unknown_field_asks_for_nothing() -> None:
    assert conditions(NOPE=1, **{"'; DROP TABLE crm_leads": 1}) == ()


def test_an_order_ends_with_the_id() -> None:
    order = asking.order(TABLE, {"OPPORTUNITY": "desc", "PHONE": "ASC", "NOPE": "ASC"})
    assert order == (Sorting("amount", is_descending=True), Sorting("id"))
    assert asking.order(TABLE, {"HAS_PHONE": "ASC", "STATUS_SEMANTIC_ID": "DESC"}) == (
        Sorting("id"),
    )
    assert asking.order(TABLE, {"id": "DESC"}) == (Sorting("id", is_descending=True),)
