"""The fields of a person: what they are called on the wire and with us, and who may see them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from portal.modules.company.domain.people import Member
from portal.modules.company.domain.profiles import PROFILE, Gender
from portal.rest import titles
from portal.rest.fields import Field, Kind
from portal.rest.method import Caller

GENDERS: Mapping[Gender, str] = {Gender.MALE: "M", Gender.FEMALE: "F"}
EMPLOYEE = "employee"  # so far everybody is


def _kept(name: str, ours: str, kind: Kind = Kind.STRING) -> Field:
    return Field(name, ours, kind, empty="", is_dynamic=name.startswith("UF_"))


def _told(name: str, ours: str, kind: Kind = Kind.STRING) -> Field:
    return Field(name, ours, kind, empty="", is_read_only=True)


def _not_kept(name: str) -> Field:
    is_dynamic = name.startswith("UF_")
    return Field(
        name, "", Kind.STRING, is_read_only=True, constant="", empty="", is_dynamic=is_dynamic
    )


USER_TYPE = _told("USER_TYPE", "type")
DEPARTMENTS = Field(
    "UF_DEPARTMENT",
    "department_ids",
    Kind.INTEGER,
    is_multiple=True,
    is_dynamic=True,
    is_number=True,
)
ROWS: tuple[Field, ...] = (
    Field("ID", "id", Kind.INTEGER, is_read_only=True),
    _not_kept("XML_ID"),
    Field("ACTIVE", "is_active", Kind.BOOLEAN),
    _kept("NAME", "first_name"),
    _kept("LAST_NAME", "last_name"),
    _kept("SECOND_NAME", "middle_name"),
    _not_kept("TITLE"),
    _kept("EMAIL", "email"),
    _told("LAST_LOGIN", "last_login_at", Kind.DATETIME),
    _told("DATE_REGISTER", "created_at", Kind.DATETIME),
    _told("TIME_ZONE", "time_zone"),
    Field("IS_ONLINE", "", Kind.CHAR, is_read_only=True, constant="N"),
    _told("TIMESTAMP_X", "updated_at", Kind.DATETIME),
    _not_kept("LAST_ACTIVITY_DATE"),
    _kept("PERSONAL_GENDER", "gender"),
    _kept("PERSONAL_PROFESSION", "profession"),
    _kept("PERSONAL_WWW", "website"),
    _kept("PERSONAL_BIRTHDAY", "birthday", Kind.DATE),
    _not_kept("PERSONAL_PHOTO"),
    _not_kept("PERSONAL_ICQ"),
    _kept("PERSONAL_PHONE", "personal_phone"),
    _not_kept("PERSONAL_FAX"),
    _kept("PERSONAL_MOBILE", "personal_mobile"),
    _not_kept("PERSONAL_PAGER"),
    _kept("PERSONAL_STREET", "street"),
    _kept("PERSONAL_CITY", "city"),
    _kept("PERSONAL_STATE", "region"),
    _kept("PERSONAL_ZIP", "postal_code"),
    _kept("PERSONAL_COUNTRY", "country"),
    _not_kept("PERSONAL_MAILBOX"),
    _kept("PERSONAL_NOTES", "notes"),
    _kept("WORK_PHONE", "work_phone"),
    _kept("WORK_COMPANY", "work_company"),
    _kept("WORK_POSITION", "position"),
    _not_kept("WORK_DEPARTMENT"),
    _kept("WORK_WWW", "work_website"),
    _not_kept("WORK_FAX"),
    _not_kept("WORK_PAGER"),
    _not_kept("WORK_STREET"),
    _not_kept("WORK_MAILBOX"),
    _kept("WORK_CITY", "work_city"),
    _not_kept("WORK_STATE"),
    _not_kept("WORK_ZIP"),
    _kept("WORK_COUNTRY", "work_country"),
    _not_kept("WORK_PROFILE"),
    _not_kept("WORK_LOGO"),
    _not_kept("WORK_NOTES"),
    _not_kept("UF_SKYPE_LINK"),
    _not_kept("UF_ZOOM"),
    _kept("UF_EMPLOYMENT_DATE", "employed_on", Kind.DATE),
    _not_kept("UF_TIMEMAN"),
    DEPARTMENTS,
    _kept("UF_INTERESTS", "interests"),
    _kept("UF_SKILLS", "skills"),
    _not_kept("UF_WEB_SITES"),
    _not_kept("UF_XING"),
    _not_kept("UF_LINKEDIN"),
    _not_kept("UF_FACEBOOK"),
    _not_kept("UF_TWITTER"),
    _not_kept("UF_SKYPE"),
    _kept("UF_DISTRICT", "district"),
    _kept("UF_PHONE_INNER", "extension"),
    USER_TYPE,
)
NOT_KEPT = tuple(row.name for row in ROWS if not row.ours)
# By what anybody can look for people besides what he sees of them
LOOKED_FOR: tuple[Field, ...] = (
    USER_TYPE,
    Field("FIND", "found_by", Kind.STRING),
    Field("NAME_SEARCH", "found_by", Kind.STRING),
    Field("UF_DEPARTMENT_NAME", "department_name", Kind.STRING),
)
BRIEF = frozenset(
    {
        *("ID", "XML_ID", "ACTIVE", "NAME", "LAST_NAME", "SECOND_NAME", "TITLE", "IS_ONLINE"),
        *("TIME_ZONE", "PERSONAL_PHOTO", "TIMESTAMP_X", "DATE_REGISTER", "PERSONAL_PROFESSION"),
        *("PERSONAL_GENDER", "PERSONAL_BIRTHDAY", "PERSONAL_CITY", "PERSONAL_STATE"),
        *("PERSONAL_COUNTRY", "WORK_POSITION", "WORK_CITY", "WORK_STATE", "WORK_COUNTRY"),
        *("LAST_ACTIVITY_DATE", "UF_EMPLOYMENT_DATE", "UF_TIMEMAN", "UF_SKILLS", "UF_INTERESTS"),
        *("UF_DEPARTMENT", "UF_PHONE_INNER"),
    }
)
BASIC = frozenset(row.name for row in ROWS) - {
    *("LAST_LOGIN", "PERSONAL_WWW", "PERSONAL_ICQ", "USER_TYPE"),
}
VISIBLE: Mapping[str, frozenset[str]] = {
    "user": frozenset(row.name for row in ROWS),
    "user_basic": BASIC,
    "user_brief": BRIEF,
}
SCOPES = tuple(VISIBLE)

_TITLES = Path(__file__).with_name("titles.toml")


def _tables(names: frozenset[str]) -> titles.Tables:
    return titles.by_locale(_TITLES, "user", (row for row in ROWS if row.name in names))


ALL = _tables(VISIBLE["user"])
# The scopes of a caller make one of these four sets
_TABLES = {names: _tables(names) for names in (*VISIBLE.values(), BASIC | BRIEF)}


def visible_to(caller: Caller) -> titles.Tables:
    """Return what the scopes of the caller let him see of people."""
    sets = [names for scope, names in VISIBLE.items() if scope in caller.scopes]
    return _TABLES[frozenset[str]().union(*sets)]


def values_of(member: Member) -> Callable[[str], Any]:
    """Return what gives the values of a person by our names."""
    user, profile = member.user, member.user.profile
    told = {
        "department_ids": member.department_ids,
        "gender": GENDERS[profile.gender] if profile.gender else None,
        "is_active": user.is_active,
        "type": EMPLOYEE,
        "updated_at": user.updated_at or user.created_at,
    }

    def value_of(name: str) -> Any:
        if name in told:
            return told[name]
        return getattr(profile if name in PROFILE else user, name)

    return value_of
