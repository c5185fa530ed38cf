"""Fields that leads and contacts share."""

from typing import Annotated

from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from portal.modules.crm.domain.leads import LONGEST_COMPANY, LONGEST_NAME


class Body(BaseModel):
    """JSON that somebody sends: nothing unknown is accepted."""

    model_config = ConfigDict(extra="forbid")


def printable(text: str) -> str:
    """Refuse control characters and halves of surrogate pairs."""
    if not text.isprintable():
        raise ValueError("control characters are not allowed")
    return text


def printable_lines(text: str) -> str:
    """Refuse the same but for line ends and tabs."""
    if not all(c.isprintable() or c in "\n\r\t" for c in text):
        raise ValueError("control characters are not allowed")
    return text


def _currency(text: str) -> str:
    if not is_currency(text):
        raise ValueError("no currency of ISO 4217 has this code")
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_NAME),
    AfterValidator(printable),
]
CompanyTitle = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_COMPANY),
    AfterValidator(printable),
]
Currency = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    AfterValidator(_currency),
    Field(examples=["EUR"]),
]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
