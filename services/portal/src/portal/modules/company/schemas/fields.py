"""Fields that several bodies share."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from portal.modules.company.domain.people import LONGEST_NAME
from portal.modules.company.domain.profiles import (
    EARLIEST_DAY,
    LONGEST_EXTENSION,
    LONGEST_LINE,
    LONGEST_NOTES,
    LONGEST_PHONE,
    is_time_zone,
)
from portal.modules.company.domain.sessions import LONGEST_PASSWORD, SHORTEST_PASSWORD
from portal.modules.company.domain.structure import HIGHEST_POSITION, LONGEST_TITLE

MOST_DEPARTMENTS = 50


class Body(BaseModel):
    """JSON that somebody sends: nothing unknown is accepted."""

    model_config = ConfigDict(extra="forbid")


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("control characters are not allowed")
    return text


def _printable_lines(text: str) -> str:
    if not all(c.isprintable() or c in "\n\r\t" for c in text):
        raise ValueError("control characters are not allowed")
    return text


def _known_zone(text: str) -> str:
    if text and not is_time_zone(text):
        raise ValueError("no time zone of the IANA database has this name")
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_NAME),
    AfterValidator(_printable),
]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_LINE),
    AfterValidator(_printable),
]
Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_PHONE),
    AfterValidator(_printable),
    Field(examples=["+49 69 90009703"]),
]
Extension = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_EXTENSION, pattern=r"^[0-9]*$"),
    Field(description="digits; several people may share one", examples=["101"]),
]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_NOTES),
    AfterValidator(_printable_lines),
]
Day = Annotated[date, Field(ge=EARLIEST_DAY)]
TimeZone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_LINE),
    AfterValidator(_known_zone),
    Field(description="of the IANA database", examples=["Europe/Berlin"]),
]
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE),
    AfterValidator(_printable),
]
Password = Annotated[
    str, StringConstraints(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)
]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
RowIds = Annotated[list[RowId], Field(max_length=MOST_DEPARTMENTS)]
Position = Annotated[int, Field(ge=0, le=HIGHEST_POSITION)]
