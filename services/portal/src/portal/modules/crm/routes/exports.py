"""HTTP for the export of leads: a stream of any length, one page in memory at a time."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Literal

from fastapi import Query
from fastapi.responses import StreamingResponse

from portal.context import Context, RequestContext
from portal.modules.crm import wiring
from portal.modules.crm.domain.exporting import HEADER, encoded, row_of
from portal.modules.crm.domain.leads import Lead
from portal.modules.crm.domain.listing import LeadFilter, LeadOrder, Position
from portal.modules.crm.routes.filters import Filter
from portal.unit import StreamingRoute
from portal.unit import router as make_router

PAGE = 500

Delimiter = Literal[",", ";", "tab"]
DELIMITERS: dict[Delimiter, str] = {",": ",", ";": ";", "tab": "\t"}

router = make_router("/crm/leads/export", "leads", kind=StreamingRoute)


@router.get(
    "",
    summary="Export leads as CSV",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_leads(
    context: Context,
    wanted: Filter,
    file_format: Annotated[Literal["csv"], Query(alias="format")] = "csv",
    encoding: Annotated[
        Literal["utf-8", "cp1251"],
        Query(description="a character that cp1251 lacks becomes a question mark"),
    ] = "utf-8",
    delimiter: Annotated[Delimiter, Query()] = ",",
) -> StreamingResponse:
    """All leads that match, by id, with the columns that an import takes.

    A cell beginning with `=`, `+`, `-` or `@` has an apostrophe before it, or a spreadsheet would run it as
    a formula; the import removes it. Leads that change while the export runs may be in it either way.
    """
    first = await _page(context, wanted, None)  # now: a failure can still be said by a status

    async def chunks() -> AsyncIterator[bytes]:
        lines = partial(encoded, encoding=encoding, delimiter=DELIMITERS[delimiter])
        yield lines([HEADER])
        leads = first
        while leads:
            yield lines([row_of(lead) for lead in leads])
            is_last = len(leads) < PAGE
            leads = () if is_last else await _page(context, wanted, Position(leads[-1].id))

    return StreamingResponse(
        chunks(),
        media_type=f"text/csv; charset={'windows-1251' if encoding == 'cp1251' else encoding}",
        headers={
            "Content-Disposition": f'attachment; filename="leads-{context.now():%Y-%m-%d}.csv"'
        },
    )


async def _page(
    context: RequestContext, wanted: LeadFilter, behind: Position | None
) -> Sequence[Lead]:
    """Read a page in a session of its own: whoever reads slowly holds no connection meanwhile."""
    async with context.reading() as session:
        return await wiring.lead_list(session).page(wanted, LeadOrder.ID, behind, PAGE)
