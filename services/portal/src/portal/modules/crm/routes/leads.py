"""HTTP for leads, one by one and in lists."""

from functools import partial
from typing import Annotated

from fastapi import Path, Query, Response, status

from portal import etags
from portal.context import Context
from portal.etags import IfMatch
from portal.modules.crm import wiring
from portal.modules.crm.contracts import LeadId
from portal.modules.crm.domain.leads import Lead
from portal.modules.crm.domain.listing import LeadOrder, position_of, read_position
from portal.modules.crm.errors import LeadNotFoundError
from portal.modules.crm.routes.filters import Filter
from portal.modules.crm.schemas.fields import RowId
from portal.modules.crm.schemas.leads import LeadIn, LeadOut, LeadPatch
from portal.paging import CursorMalformedError, Page, Paging, cursor, cut
from portal.unit import router as make_router

router = make_router("/crm/leads", "leads")

LeadPath = Annotated[RowId, Path(alias="id")]


@router.get("", summary="List leads")
async def list_leads(
    context: Context,
    page: Paging,
    wanted: Filter,
    order: Annotated[
        LeadOrder, Query(description="field to sort by; with a minus the largest comes first")
    ] = LeadOrder.ID_DESCENDING,
) -> Page[LeadOut]:
    shape = f"leads:{order.value}"
    remembered = page.position(shape)
    try:
        behind = None if remembered is None else read_position(order, remembered)
    except ValueError:
        raise CursorMalformedError from None
    listed = wiring.lead_list(context.reader)
    leads, more = cut(await listed.page(wanted, order, behind, page.limit + 1), page.limit)
    return Page(
        items=list(map(LeadOut.of, leads, await wiring.custom_of(context.reader, leads))),
        next=cursor(shape, *position_of(order, leads[-1])) if more else None,
    )


@router.post("", summary="Create a lead", status_code=status.HTTP_201_CREATED)
async def create_lead(body: LeadIn, context: Context, response: Response) -> LeadOut:
    service = await wiring.lead_service(context)
    lead = await service.create(body.given())
    response.headers["Location"] = f"/api/v1/crm/leads/{lead.id}"
    return await _rendered(lead, context, response)


@router.get("/{id:int}", summary="Read a lead")
async def get_lead(lead_id: LeadPath, context: Context, response: Response) -> LeadOut:
    lead = await wiring.leads(context.reader).find(LeadId(lead_id))
    if lead is None:
        raise LeadNotFoundError(id=lead_id)
    return await _rendered(lead, context, response)


@router.patch("/{id:int}", summary="Change a lead")
async def update_lead(
    lead_id: LeadPath, body: LeadPatch, context: Context, response: Response, if_match: IfMatch
) -> LeadOut:
    service = await wiring.lead_service(context)
    admit = partial(etags.check, if_match)
    lead = await service.update(LeadId(lead_id), body.given(), admit)
    return await _rendered(lead, context, response)


@router.delete("/{id:int}", summary="Delete a lead", status_code=status.HTTP_204_NO_CONTENT)
async def delete_lead(lead_id: LeadPath, context: Context, if_match: IfMatch) -> None:
    service = await wiring.lead_service(context)
    await service.delete(LeadId(lead_id), partial(etags.check, if_match))


async def _rendered(lead: Lead, context: Context, response: Response) -> LeadOut:
    response.headers["ETag"] = etags.of_version(lead.version)
    (custom,) = await wiring.custom_of(context.reader, [lead])
    return LeadOut.of(lead, custom)
