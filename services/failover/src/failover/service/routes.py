"""HTTP for operators and their commands: the status for everybody, the verbs for who has the token."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from fastapi.responses import JSONResponse
from pydantic import Field

from failover.control.demanding import Begun
from failover.late import Selection
from failover.service.desk import Desk
from failover.service.schemas import ApplyIn, ForceIn, PortalSwitchIn, ResumeIn, SuspendIn, SwitchIn
from kernel.ids import PairId, PortalId

Json = dict[str, Any]
Number = Annotated[int, Path(ge=1)]
PortalIn = Annotated[PortalId, Field(gt=0, lt=2**63)]

open_router = APIRouter(prefix="/v1")
router = APIRouter(prefix="/v1")


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


At = Annotated[Desk, Depends(_desk)]


@open_router.get("/status", summary="What this site sees of all pairs")
async def read_status(desk: At) -> Json:
    return await desk.status.read()


@router.post("/pairs/{pair}/switch", summary="Serve sides elsewhere")
async def switch_sides(pair: PairId, wanted: SwitchIn, desk: At) -> Response:
    return _begun(await desk.demand(pair, wanted.demand(), is_dry_run=wanted.dry_run))


@router.post("/pairs/{pair}/suspend", summary="Take a datacentre out of service")
async def suspend(pair: PairId, wanted: SuspendIn, desk: At) -> Response:
    return _begun(await desk.demand(pair, wanted.demand(), is_dry_run=wanted.dry_run))


@router.post("/pairs/{pair}/resume", summary="Let a suspended datacentre come back")
async def resume(pair: PairId, wanted: ResumeIn, desk: At) -> Response:
    return _begun(await desk.demand(pair, wanted.demand(), is_dry_run=wanted.dry_run))


@router.post("/pairs/{pair}/force", summary="Take over from a lost datacentre, with loss")
async def force(pair: PairId, wanted: ForceIn, desk: At) -> Response:
    return _begun(await desk.demand(pair, wanted.demand(), is_dry_run=wanted.dry_run))


@router.post("/pairs/{pair}/compare", summary="Compare the contents of both databases")
async def compare(pair: PairId, request: Request, desk: At) -> Response:
    return await desk.compare(pair, request)


@router.get("/pairs/{pair}/comparison", summary="The last comparison, with the rows that differ")
async def read_comparison(pair: PairId, request: Request, desk: At) -> Response:
    return await desk.comparison(pair, request)


@router.post("/portals/{portal}/switch", summary="Move a portal to the other side of its pair")
async def switch_portal(portal: PortalIn, wanted: PortalSwitchIn, desk: At) -> Response:
    return _begun(await desk.switch_portal(portal, wanted))


@router.get("/portals/{portal}", summary="Where a portal belongs, and where it is going")
async def get_portal(portal: PortalIn, desk: At) -> Json:
    return await desk.portal(portal)


@router.get("/pairs/{pair}/late", summary="What a lost master had committed alone, in pages")
async def list_late(
    pair: PairId,
    desk: At,
    portal: PortalIn | None = None,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Json:
    return {"changes": await desk.late_changes(pair, portal, after, limit)}


@router.post("/pairs/{pair}/late/withdraw", summary="Undo them at the returning database")
async def withdraw_late(pair: PairId, desk: At) -> Json:
    return await desk.withdraw(pair)


@router.post("/pairs/{pair}/late/apply", summary="Write all of them, or a portal's, at the owner")
async def apply_late(
    pair: PairId, wanted: ApplyIn, desk: At, portal: PortalIn | None = None
) -> Json:
    return await desk.apply(pair, Selection(portal=portal), overwrite=wanted.overwrite)


@router.post("/pairs/{pair}/late/dismiss", summary="Dismiss all of them, or a portal's")
async def dismiss_late(pair: PairId, desk: At, portal: PortalIn | None = None) -> Json:
    return await desk.dismiss(pair, Selection(portal=portal))


@router.post("/pairs/{pair}/late/{number}/apply", summary="Write one of them at the owner")
async def apply_one(pair: PairId, number: Number, wanted: ApplyIn, desk: At) -> Json:
    return await desk.apply(pair, Selection(number=number), overwrite=wanted.overwrite)


@router.post("/pairs/{pair}/late/{number}/dismiss", summary="Dismiss one of them")
async def dismiss_one(pair: PairId, number: Number, desk: At) -> Json:
    return await desk.dismiss(pair, Selection(number=number))


def _begun(begun: Begun) -> Response:
    if begun.revision is None:
        return JSONResponse({"why": begun.why})
    content = {"why": begun.why, "revision": begun.revision}
    return JSONResponse(content, status.HTTP_202_ACCEPTED)
