"""Fields that leads and contacts share."""

from typing import Annotated, Literal, Self

from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from portal.modules.crm.domain.communications import (
    FEWEST_DIGITS,
    LONGEST_EMAIL,
    LONGEST_PHONE,
    MOST_EMAILS,
    MOST_PHONES,
    Email,
    Phone,
    digits_of,
)
from portal.modules.crm.domain.leads import LONGEST_COMPANY, LONGEST_NAME

PhoneType = Literal["work", "mobile", "home", "fax", "other"]
EmailType = Literal["work", "home", "other"]


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


def _number(text: str) -> str:
    if len(digits_of(text)) < FEWEST_DIGITS:
        raise ValueError(f"a phone number has at least {FEWEST_DIGITS} digits")
    return printable(text)


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


class PhoneJson(Body):
    """A phone number as it was written."""

    value: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=LONGEST_PHONE),
        AfterValidator(_number),
    ] = Field(examples=["+49 69 90009703"])
    type: PhoneType = "work"

    @classmethod
    def of(cls, phone: Phone) -> Self:
        """Map the domain to the wire; what comes from the database is not validated again."""
        return cls.model_construct(value=phone.value, type=phone.type)


class EmailJson(Body):
    """An address of mail."""

    value: Annotated[EmailStr, StringConstraints(max_length=LONGEST_EMAIL)]
    type: EmailType = "work"

    @classmethod
    def of(cls, email: Email) -> Self:
        """Map the domain to the wire; what comes from the database is not validated again."""
        return cls.model_construct(value=email.value, type=email.type)


Phones = Annotated[list[PhoneJson], Field(max_length=MOST_PHONES)]
Emails = Annotated[list[EmailJson], Field(max_length=MOST_EMAILS)]


def phones_of(phones: list[PhoneJson]) -> tuple[Phone, ...]:
    """Map the wire to the domain."""
    return tuple(Phone(p.value, p.type) for p in phones)


def emails_of(emails: list[EmailJson]) -> tuple[Email, ...]:
    """Map the wire to the domain."""
    return tuple(Email(e.value, e.type) for e in emails)
