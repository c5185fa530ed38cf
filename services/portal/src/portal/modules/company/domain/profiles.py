"""What is known of a person beside the name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

LONGEST_EXTENSION = 20
LONGEST_LINE = 255
LONGEST_PHONE = 50
LONGEST_NOTES = 2_000
EARLIEST_DAY = date(1900, 1, 1)

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


class Gender(StrEnum):
    """As the person says it."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, slots=True)
class Profile:
    """Texts are empty where nothing is known.

    ``extension``: digits to reach him by inside the company; several may share one. ``time_zone``: a name
    of the IANA database.
    """

    position: str = ""
    extension: str = ""
    gender: Gender | None = None
    birthday: date | None = None
    employed_on: date | None = None
    time_zone: str = ""
    profession: str = ""
    website: str = ""
    personal_phone: str = ""
    personal_mobile: str = ""
    work_phone: str = ""
    street: str = ""
    district: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    work_company: str = ""
    work_website: str = ""
    work_city: str = ""
    work_country: str = ""
    skills: str = ""
    interests: str = ""
    notes: str = ""


PROFILE = tuple(f.name for f in fields(Profile))


def is_time_zone(name: str) -> bool:
    """Tell whether the IANA database has a zone of this name."""
    if not _ZONE.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True


def changes(old: Any, new: Any, names: tuple[str, ...]) -> Mapping[str, Mapping[str, Any]]:
    """Return what differs between two of a kind, as a fact tells it: old and new value by name."""
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in names)
    return {n: {"old": _plain(a), "new": _plain(b)} for n, a, b in pairs if a != b}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
