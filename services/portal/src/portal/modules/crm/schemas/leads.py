"""The JSON of leads."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from portal.modules.crm.domain.communications import Email, Messenger, Phone, Web
from portal.modules.crm.domain.leads import (
    AMOUNT_DIGITS,
    AMOUNT_PLACES,
    ENTRIES,
    LONGEST_CODE,
    LONGEST_COMMENT,
    LONGEST_EXTERNAL_ID,
    LONGEST_TITLE,
    Lead,
)
from portal.modules.crm.domain.parts import NOWHERE, UNMARKED, Address, Utm
from portal.modules.crm.schemas.entries import (
    Emails,
    Messengers,
    Phones,
    Webs,
)
from portal.modules.crm.schemas.fields import (
    Body,
    CompanyTitle,
    Currency,
    Name,
    RowId,
    printable,
    printable_lines,
)
from portal.modules.crm.schemas.parts import AddressJson, UtmJson

P = TypeVar("P", Address, Utm)

Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE),
    AfterValidator(printable),
]
Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_CODE),
    AfterValidator(printable),
]
Comment = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_COMMENT),
    AfterValidator(printable_lines),
]
ExternalId = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_EXTERNAL_ID),
    AfterValidator(printable),
]
Amount = Annotated[
    Decimal,
    Field(
        ge=0,
        max_digits=AMOUNT_DIGITS,
        decimal_places=AMOUNT_PLACES,
        description="a number or a string; two decimal places",
        examples=["72250.00"],
    ),
]


class LeadPatch(Body):
    """What to change; a field that is not sent stays as it is.

    A list is replaced whole, but keeps the ids of what stays; of an address, and of ``custom``, only what
    is sent is changed.
    """

    # factories, so that the document does not show values that are never used as defaults
    title: Title = Field(default_factory=str)
    status: Code = Field(default_factory=str, description="code of a status", examples=["NEW"])
    status_description: Comment = Field(default_factory=str)
    source: Code | None = Field(default=None, description="code of a source", examples=["WEB"])
    source_description: Comment = Field(default_factory=str)
    honorific: Code | None = Field(
        default=None, description="code of the list", examples=["HNR_EN_1"]
    )
    first_name: Name = Field(default_factory=str)
    last_name: Name = Field(default_factory=str)
    middle_name: Name = Field(default_factory=str)
    birth_date: date | None = None
    company_title: CompanyTitle = Field(default_factory=str)
    position: Name = Field(default_factory=str)
    address: AddressJson | None = Field(default=None, description="null: none at all")
    amount: Amount | None = None
    is_amount_manual: bool = Field(
        default_factory=bool, description="the amount is not the sum of products"
    )
    currency: Currency = Field(default_factory=str, description="default: the portal's own")
    comment: Comment = Field(default_factory=str)
    phones: Phones = Field(default_factory=list)
    emails: Emails = Field(default_factory=list)
    webs: Webs = Field(default_factory=list)
    messengers: Messengers = Field(default_factory=list)
    responsible_id: RowId = Field(default_factory=int, description="default: whoever creates it")
    is_public: bool = Field(default_factory=bool, description="for everybody to see; default: true")
    external_id: ExternalId | None = Field(
        default=None, description="number in another system; unique in the portal"
    )
    originator_id: ExternalId | None = Field(
        default=None, description="another system, for a program that keeps the two in step"
    )
    origin_id: ExternalId | None = Field(default=None, description="what the lead is called there")
    utm: UtmJson | None = Field(default=None, description="null: none at all")
    custom: dict[str, Any] = Field(
        default_factory=dict, description="values of the portal's own fields by their codes"
    )

    def given(self) -> dict[str, Any]:
        """Return the fields that were sent, as the domain has them."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        for name, kind in ENTRIES.items():
            if name in given:
                given[name] = tuple(kind(e.value, e.type, e.id) for e in given[name])
        for name, nothing in (("address", NOWHERE), ("utm", UNMARKED)):
            if name in given:
                part: Body | None = given.pop(name)
                given |= {name: nothing} if part is None else _parts(name, part)
        return given


class LeadIn(LeadPatch):
    """A lead to create."""

    title: Title


class LeadOut(BaseModel):
    """A lead as clients see it.

    Its parts go out as the domain has them: making models of them would be half the time of a list.
    """

    id: int
    title: str
    status: str
    status_description: str
    source: str | None
    source_description: str
    honorific: str | None
    first_name: str
    last_name: str
    middle_name: str
    birth_date: date | None
    company_title: str
    position: str
    address: Address | None
    amount: Decimal | None
    is_amount_manual: bool
    currency: str
    comment: str
    phones: tuple[Phone, ...]
    emails: tuple[Email, ...]
    webs: tuple[Web, ...]
    messengers: tuple[Messenger, ...]
    responsible_id: int
    is_public: bool
    external_id: str | None
    originator_id: str | None
    origin_id: str | None
    utm: Utm | None
    custom: dict[str, Any] = Field(description="what is filled in of the portal's own fields")
    created_at: datetime
    created_by: int | None = Field(description="user id; null is the system")
    updated_at: datetime
    updated_by: int | None
    moved_at: datetime | None = Field(description="last change of status")
    moved_by: int | None
    closed_at: datetime | None = Field(description="since when its status is a final one")

    @classmethod
    def of(cls, lead: Lead, custom: dict[str, Any]) -> Self:
        """Map the domain to the wire; ``custom`` are the values of the portal's own fields by code."""
        details = lead.details
        return cls(
            id=lead.id,
            title=details.title,
            status=details.status,
            status_description=details.status_description,
            source=details.source,
            source_description=details.source_description,
            honorific=details.honorific,
            first_name=details.first_name,
            last_name=details.last_name,
            middle_name=details.middle_name,
            birth_date=details.birth_date,
            company_title=details.company_title,
            position=details.position,
            address=_unless(NOWHERE, details.address),
            amount=details.amount,
            is_amount_manual=details.is_amount_manual,
            currency=details.currency,
            comment=details.comment,
            phones=details.phones,
            emails=details.emails,
            webs=details.webs,
            messengers=details.messengers,
            responsible_id=details.responsible_id,
            is_public=details.is_public,
            external_id=details.external_id,
            originator_id=details.originator_id,
            origin_id=details.origin_id,
            utm=_unless(UNMARKED, details.utm),
            custom=custom,
            created_at=lead.created_at,
            created_by=lead.created_by,
            updated_at=lead.updated_at,
            updated_by=lead.updated_by,
            moved_at=lead.moved_at,
            moved_by=lead.moved_by,
            closed_at=lead.closed_at,
        )


def _unless(nothing: P, part: P) -> P | None:
    """Return the part if there is something in it; of most leads it is ``nothing`` itself."""
    return None if part is nothing or part == nothing else part


def _parts(name: str, part: Body) -> dict[str, Any]:
    return {f"{name}.{field}": getattr(part, field) for field in part.model_fields_set}
