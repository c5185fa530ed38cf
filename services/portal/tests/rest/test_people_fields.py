"""The tables of people and departments are those of the documentation."""

import pytest

from kernel.messages import LOCALES
from portal.modules.company.repository.finder import COMPARABLE, FIELDS
from portal.modules.company.rest import METHODS, departments, person
from portal.modules.company.schemas.people import UserPatch
from portal.rest import titles
from portal.rest.method import Caller

from .contract import documented, mismatches

FAMILIES = {**documented("user"), **documented("department")}
CORE = documented("core")
BY_NAME = {method.name: method for method in METHODS}
# Besides the fields themselves
OTHER_PARAMETERS = {
    "ID",
    "ADMIN_MODE",
    "FILTER",
    "IMAGE_RESIZE",
    "order",
    "select",
    "sort",
    "start",
}
BRIEF_HAS_NOT = ("EMAIL", "PERSONAL_MOBILE", "WORK_PHONE", "LAST_LOGIN", "PERSONAL_NOTES")


def names(caller_scopes: set[str]) -> set[str]:
    caller = Caller(1, "employee", frozenset(caller_scopes))
    return set(titles.of(person.visible_to(caller), "en").described())


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_each_method_is_there_with_its_scopes(name: str) -> None:
    assert set(BY_NAME[name].scopes) == set(FAMILIES[name]["scopes"])


@pytest.mark.parametrize("name", ["profile", "user.admin", "user.access", "access.name"])
def test_a_basic_method_needs_no_scope(name: str) -> None:
    assert BY_NAME[name].scopes == ()
    assert CORE[name]["scopes"] == []


@pytest.mark.parametrize("name", ["user.add", "user.update"])
def test_every_documented_parameter_is_a_field(name: str) -> None:
    wanted = set(FAMILIES[name]["parameters"]) - OTHER_PARAMETERS
    assert wanted <= {row.name for row in person.ROWS}


@pytest.mark.parametrize("name", ["user.add", "user.update"])
def test_what_is_not_kept_is_said(name: str) -> None:
    for row in person.ROWS:
        if row.name in FAMILIES[name]["parameters"] and not row.ours:
            assert row.name in BY_NAME[name].differs


def test_every_documented_field_of_a_person_is_listed() -> None:
    described = {name: row["title"] for name, row in person.ALL["en"].described().items()}
    assert mismatches(FAMILIES["user.fields"]["result"], described) == []


def test_every_documented_field_of_a_department_is_listed() -> None:
    described = {n: row["title"] for n, row in departments.TABLES["en"].described().items()}
    assert mismatches(FAMILIES["department.fields"]["result"], described) == []


def test_what_is_written_is_a_field_of_the_native_api_too() -> None:
    written = {row.ours for row in person.ROWS if row.ours and not row.is_read_only}
    assert written - {"is_active"} <= set(UserPatch.model_fields)


def test_what_is_shown_can_be_looked_for_and_sorted_by() -> None:
    shown = {row.ours for row in (*person.ROWS, *person.LOOKED_FOR) if row.ours}
    assert shown <= set(FIELDS)
    assert shown - set(COMPARABLE) == {"department_ids", "department_name", "found_by"}


@pytest.mark.parametrize("locale", LOCALES)
def test_fields_have_titles_in_each_language(locale: str) -> None:
    table = person.ALL[locale].described()
    assert table["UF_PHONE_INNER"]["title"] != "UF_PHONE_INNER"
    if locale == "ru":
        assert table["WORK_POSITION"]["title"] == "Должность"


def test_a_brief_scope_shows_no_contact_details() -> None:
    assert not names({"user_brief"}).intersection(BRIEF_HAS_NOT)
    assert {"UF_PHONE_INNER", "UF_DEPARTMENT", "WORK_POSITION"} <= names({"user_brief"})


def test_a_basic_scope_shows_contacts_and_the_full_one_all() -> None:
    assert names({"user_basic"}) == {row.name for row in person.ROWS} - {
        *("LAST_LOGIN", "PERSONAL_WWW", "PERSONAL_ICQ", "USER_TYPE"),
    }
    assert names({"user", "user_brief"}) == {row.name for row in person.ROWS}
    assert names({"user_basic", "user_brief"}) == names({"user_basic"}) | names({"user_brief"})
