"""Phones, addresses of mail, places on the web, messengers: lists of which each entry has its id."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, EmailStr, Field, StringConstraints

from portal.modules.crm.domain.communications import (
    FEWEST_DIGITS,
    LONGEST_EMAIL,
    LONGEST_MESSENGER,
    LONGEST_PHONE,
    LONGEST_TYPE,
    LONGEST_WEB,
    MOST_ENTRIES,
    WORK,
    Email,
    Entry,
    Phone,
    digits_of,
)
from portal.modules.crm.schemas.fields import Body, printable


def _number(text: str) -> str:
    if len(digits_of(text)) < FEWEST_DIGITS:
        raise ValueError(f"a phone number has at least {FEWEST_DIGITS} digits")
    return printable(text)


EntryType = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=LONGEST_TYPE),
    AfterValidator(printable),
    Field(description="work, home, other ...; a word of your own is kept, too"),
]


class EntryJson(Body):
    """One of several; whoever changes the list names by ``id`` what he does not mean to replace."""

    id: int = Field(0, ge=0, description="within the card; 0 or none: a new one, or an equal one")
    value: str
    type: EntryType = WORK

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Map the domain to the wire; what comes from the database is not validated again."""
        return cls.model_construct(id=entry.id, value=entry.value, type=entry.type)


class PhoneJson(EntryJson):
    """A phone number as it was written: work, mobile, home, fax, pager, mailing, other."""

    value: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=LONGEST_PHONE),
        AfterValidator(_number),
    ] = Field(examples=["+49 69 90009703"])


class EmailJson(EntryJson):
    """An address of mail: work, home, mailing, other."""

    value: Annotated[EmailStr, StringConstraints(max_length=LONGEST_EMAIL)]


class WebJson(EntryJson):
    """A place on the web: work, home, facebook, vk, livejournal, twitter, other."""

    value: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_WEB),
        AfterValidator(printable),
    ] = Field(examples=["https://example.com"])


class MessengerJson(EntryJson):
    """A name in a messenger: telegram, facebook, vk, skype, viber, whatsapp ..., other."""

    value: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_MESSENGER),
        AfterValidator(printable),
    ]


Phones = Annotated[list[PhoneJson], Field(max_length=MOST_ENTRIES)]
Emails = Annotated[list[EmailJson], Field(max_length=MOST_ENTRIES)]
Webs = Annotated[list[WebJson], Field(max_length=MOST_ENTRIES)]
Messengers = Annotated[list[MessengerJson], Field(max_length=MOST_ENTRIES)]


def phones_of(phones: Sequence[EntryJson]) -> tuple[Phone, ...]:
    """Map the wire to the domain."""
    return tuple(Phone(p.value, p.type, p.id) for p in phones)


def emails_of(emails: Sequence[EntryJson]) -> tuple[Email, ...]:
    """Map the wire to the domain."""
    return tuple(Email(e.value, e.type, e.id) for e in emails)
