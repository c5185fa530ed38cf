"""What leads are asked for, as parameters of a query."""

from decimal import Decimal
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime, StringConstraints

from portal.modules.crm.domain.leads import LONGEST_CODE, LONGEST_EXTERNAL_ID
from portal.modules.crm.domain.listing import HIGHEST_ID, LeadFilter

_HIGHEST_AMOUNT = Decimal(10) ** 13

Moment = Annotated[AwareDatetime | None, Query(examples=["2026-11-21T09:00:00+03:00"])]
MOST_OWN = 10
LONGEST_OWN = 300
OwnValue = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]+:.+", max_length=LONGEST_OWN)]

AmountBound = Annotated[Decimal | None, Query(ge=0, lt=_HIGHEST_AMOUNT)]


async def _lead_filter(  # noqa: PLR0917  # FastAPI passes each by its name
    status: Annotated[
        str | None, Query(max_length=LONGEST_CODE, description="code of a status")
    ] = None,
    source: Annotated[
        str | None, Query(max_length=LONGEST_CODE, description="code of a source")
    ] = None,
    responsible_id: Annotated[
        int | None, Query(ge=1, le=HIGHEST_ID, description="user id of whoever is responsible")
    ] = None,
    created_from: Annotated[
        Moment, Query(description="created then or later; ISO 8601 with an offset")
    ] = None,
    created_to: Annotated[
        Moment, Query(description="created then or earlier; ISO 8601 with an offset")
    ] = None,
    amount_from: Annotated[AmountBound, Query(description="this amount or more")] = None,
    amount_to: Annotated[AmountBound, Query(description="this amount or less")] = None,
    external_id: Annotated[
        str | None, Query(max_length=LONGEST_EXTERNAL_ID, description="exactly this one")
    ] = None,
    originator_id: Annotated[
        str | None, Query(max_length=LONGEST_EXTERNAL_ID, description="exactly this one")
    ] = None,
    origin_id: Annotated[
        str | None, Query(max_length=LONGEST_EXTERNAL_ID, description="exactly this one")
    ] = None,
    search: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            description="part of the title, a name or the company; or of an address of mail, if it holds "
            "an @; or of a phone number, however that is written",
        ),
    ] = None,
    custom: Annotated[
        list[OwnValue] | None,
        Query(
            max_length=MOST_OWN,
            description="a field of the portal's own that has, or has among others, this value; several "
            "must all hold",
            examples=["TARIFF:2"],
        ),
    ] = None,
) -> LeadFilter:
    return LeadFilter(
        status=status,
        source=source,
        responsible_id=responsible_id,
        created_from=created_from,
        created_to=created_to,
        amount_from=amount_from,
        amount_to=amount_to,
        external_id=external_id,
        originator_id=originator_id,
        origin_id=origin_id,
        search=search,
        custom=tuple(_pair(one) for one in custom or ()),
    )


def _pair(text: str) -> tuple[str, str]:
    code, _, value = text.partition(":")
    return code, value


Filter = Annotated[LeadFilter, Depends(_lead_filter)]
