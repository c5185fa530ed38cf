"""The JSON of leads."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from portal.modules.crm.domain.leads import (
    AMOUNT_DIGITS,
    AMOUNT_PLACES,
    LONGEST_CODE,
    LONGEST_COMMENT,
    LONGEST_EXTERNAL_ID,
    LONGEST_TITLE,
    Lead,
)
from portal.modules.crm.schemas.fields import (
    Body,
    CompanyTitle,
    Currency,
    EmailJson,
    Emails,
    Name,
    PhoneJson,
    Phones,
    RowId,
    emails_of,
    phones_of,
    printable,
    printable_lines,
)

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
    """What to change; a field that is not sent stays as it is, lists are replaced whole."""

    # factories, so that the document does not show values that are never used as defaults
    title: Title = Field(default_factory=str)
    status: Code = Field(default_factory=str, description="code of a status", examples=["NEW"])
    source: Code | None = Field(default=None, description="code of a source", examples=["WEB"])
    first_name: Name = Field(default_factory=str)
    last_name: Name = Field(default_factory=str)
    middle_name: Name = Field(default_factory=str)
    company_title: CompanyTitle = Field(default_factory=str)
    position: Name = Field(default_factory=str)
    amount: Amount | None = None
    currency: Currency = Field(default_factory=str, description="default: the portal's own")
    comment: Comment = Field(default_factory=str)
    phones: Phones = Field(default_factory=list)
    emails: Emails = Field(default_factory=list)
    responsible_id: RowId = Field(default_factory=int, description="default: whoever creates it")
    external_id: ExternalId | None = Field(
        default=None, description="number in another system; unique in the portal"
    )

    def given(self) -> dict[str, Any]:
        """Return the fields that were sent, as the domain has them."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "phones" in given:
            given["phones"] = phones_of(self.phones)
        if "emails" in given:
            given["emails"] = emails_of(self.emails)
        if given.get("amount") is not None:
            given["amount"] = given["amount"].quantize(Decimal("0.01"))
        return given


class LeadIn(LeadPatch):
    """A lead to create."""

    title: Title


class LeadOut(BaseModel):
    """A lead as clients see it."""

    id: int
    title: str
    status: str
    source: str | None
    first_name: str
    last_name: str
    middle_name: str
    company_title: str
    position: str
    amount: Decimal | None
    currency: str
    comment: str
    phones: list[PhoneJson]
    emails: list[EmailJson]
    responsible_id: int
    external_id: str | None
    created_at: datetime
    created_by: int | None = Field(description="user id; null is the system")
    updated_at: datetime

    @classmethod
    def of(cls, lead: Lead) -> Self:
        """Map the domain to the wire."""
        details = lead.details
        return cls(
            id=lead.id,
            title=details.title,
            status=details.status,
            source=details.source,
            first_name=details.first_name,
            last_name=details.last_name,
            middle_name=details.middle_name,
            company_title=details.company_title,
            position=details.position,
            amount=details.amount,
            currency=details.currency,
            comment=details.comment,
            phones=[PhoneJson.of(p) for p in details.phones],
            emails=[EmailJson.of(e) for e in details.emails],
            responsible_id=details.responsible_id,
            external_id=details.external_id,
            created_at=lead.created_at,
            created_by=lead.created_by,
            updated_at=lead.updated_at,
        )
