"""HTTP for routing: parse, call, render. Our own services only; see ``web.internal``."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response, status
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from kernel.ids import PairId
from routing import claims
from routing.schemas import (
    ClaimIn,
    ConfirmationIn,
    NodeIn,
    PairChangeIn,
    PlacementIn,
    PortalChangeIn,
    PortalIn,
    PublicationIn,
    SagaIn,
)
from routing.service import Routing

router = APIRouter(prefix="/v1")

Json = dict[str, Any]
Limit = Annotated[int, Query(ge=1, le=1000)]


def _service(request: Request) -> Routing:
    service: Routing = request.app.state.routing
    return service


Service = Annotated[Routing, Depends(_service)]


@router.get("/hosts/{label}", summary="The route of a host, now")
async def get_host(label: str, routing: Service) -> Json:
    return (await routing.get_host(label)).to_json()


@router.get("/routes", summary="A full snapshot, in pages; pairs come with the first")
async def list_routes(
    routing: Service, limit: Limit = 1000, after: PortalIn | None = None
) -> Response:
    directory = routing.directory
    portals, following = directory.page(after, limit)
    page = {
        "history": directory.table.history,
        "revision": directory.table.revision,
        "portals": [portal.to_json() for portal in portals],
        "pairs": [pair.to_json() for pair in directory.table.pairs] if after is None else [],
        "next": None if following is None else str(following),
    }
    return Response(orjson.dumps(page), media_type="application/json")


@router.get("/watch", summary="Changes from a revision on, that one included, as lines of JSON")
async def watch(routing: Service, revision: int, history: str | None = None) -> StreamingResponse:
    changes = routing.feed.changes(revision, history)
    return StreamingResponse(changes, media_type="application/x-ndjson")


@router.post("/placements", summary="Where a new portal should go")
async def place(wanted: PlacementIn, routing: Service) -> Json:
    placement = routing.place(wanted.home, wanted.region)
    return {
        "home": placement.home,
        "pair": placement.pair.id,
        "owner": placement.pair.serving[placement.home],
        "term": placement.pair.term,
    }


@router.post("/claims", summary="Take a host name", status_code=status.HTTP_201_CREATED)
async def add_claim(wanted: ClaimIn, routing: Service) -> Json:
    claim = await routing.claim(wanted.portal, wanted.host, wanted.home, wanted.pair, wanted.saga)
    return claims.to_json(claim)


@router.get("/claims", summary="Claims that nobody touched for a while")
async def list_claims(
    routing: Service,
    updated_before: AwareDatetime,
    limit: Limit = 100,
    after: PortalIn | None = None,
) -> Json:
    found, following = await routing.claims.older_than(updated_before, after, limit)
    return {
        "claims": [claims.to_json(claim) for claim in found],
        "next": None if following is None else str(following),
    }


@router.get("/claims/{portal}", summary="The claim of a portal")
async def get_claim(portal: PortalIn, routing: Service) -> Json:
    return claims.to_json(await routing.claims.get(portal))


@router.put("/claims/{portal}", summary="Save the progress of a sign-up")
async def save_claim(portal: PortalIn, progress: SagaIn, routing: Service) -> Json:
    return claims.to_json(await routing.claims.save(portal, progress.revision, progress.saga))


@router.post("/claims/{portal}/publication", summary="Bring the claimed portal into being")
async def publish_claim(portal: PortalIn, wanted: PublicationIn, routing: Service) -> Json:
    place = wanted.route.model_dump(include={"pair", "home", "epoch"})
    claim = await routing.publish(
        portal,
        wanted.revision,
        place,
        wanted.route.state,
        wanted.saga,
        pair_revision=wanted.pair_revision,
    )
    return claims.to_json(claim)


@router.delete("/claims/{portal}", status_code=status.HTTP_204_NO_CONTENT, summary="Undo a claim")
async def release_claim(portal: PortalIn, revision: int, routing: Service) -> None:
    await routing.claims.release(portal, revision)


@router.get("/portals", summary="Portals with their routes, in pages")
async def list_portals(routing: Service, limit: Limit = 100, after: PortalIn | None = None) -> Json:
    records, following = routing.directory.page(after, limit)
    placed = [routing.find_known(record.id) for record in records]
    return {
        "portals": [portal.to_json() for portal in placed if portal is not None],
        "next": None if following is None else str(following),
    }


@router.get("/portals/{portal}", summary="A portal with its route")
async def get_portal(portal: PortalIn, routing: Service) -> Json:
    return (await routing.get_portal(portal)).to_json()


@router.patch("/portals/{portal}", summary="Change state or owner, by compare-and-set")
async def change_portal(portal: PortalIn, wanted: PortalChangeIn, routing: Service) -> Json:
    changed = await routing.portals.change(portal, wanted.revision, wanted.change())
    return changed.to_json()


@router.delete(
    "/portals/{portal}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove a portal"
)
async def delete_portal(portal: PortalIn, routing: Service) -> None:
    await routing.portals.delete(portal)


@router.get("/pairs", summary="All pairs")
async def list_pairs(routing: Service) -> Json:
    return {"pairs": [pair.to_json() for pair in routing.directory.table.pairs]}


@router.get("/pairs/{pair}", summary="A pair")
async def get_pair(pair: PairId, routing: Service) -> Json:
    return (await routing.get_pair(pair)).to_json()


@router.patch("/pairs/{pair}", summary="Change mode or owners, by compare-and-set")
async def change_pair(pair: PairId, wanted: PairChangeIn, routing: Service) -> Json:
    changed = await routing.portals.change_pair(pair, wanted.revision, wanted.change())
    return changed.to_json()


@router.put(
    "/nodes/{dc}/{node}",
    summary="A web node's word that it lives and knows all routes up to a revision",
)
async def confirm(dc: NodeIn, node: NodeIn, known: ConfirmationIn, routing: Service) -> Json:
    await routing.nodes.confirm(dc, node, known.revision)
    return {"newest": routing.feed.newest}


@router.delete(
    "/nodes/{dc}/{node}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="A web node serves nothing any more",
)
async def withdraw(dc: NodeIn, node: NodeIn, routing: Service) -> None:
    await routing.nodes.withdraw(dc, node)
