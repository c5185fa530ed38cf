"""What our own services ask of a web node: make or undo a portal, run a step of a job.

Never reachable from outside: the balancers refuse ``/internal``, and each call carries our token.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from kernel.ids import PairId, PortalId
from portal import founding
from portal.modules.company.facade import Founding
from portal.resources import Resources
from routes import Route

router = APIRouter(prefix="/internal", include_in_schema=False)

Text = Annotated[str, StringConstraints(max_length=512)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RouteIn(_Body):
    """Where the portal is placed; not yet published, so the caller says it."""

    portal: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}$")]
    host: Text
    pair: int
    home: Text
    owner: Text
    term: int
    epoch: int
    state: Text = "active"

    def route(self) -> Route:
        """Return the route."""
        portal, pair = PortalId(int(self.portal)), PairId(self.pair)
        return Route(
            portal, self.host, pair, self.home, self.owner, self.term, self.epoch, "active"
        )


class AdminIn(_Body):
    """The first administrator."""

    email: EmailStr
    password_hash: Text = Field(repr=False)
    first_name: Text = ""
    last_name: Text = ""


class StorageIn(_Body):
    """The portal's bucket and its own key."""

    bucket: Text
    access_key: Text
    secret_key: Text = Field(repr=False)


class PortalIn(_Body):
    """A portal to make."""

    route: RouteIn
    company: Text
    region: Text
    locale: Literal["en", "ru", "uk", "de"]
    plan: Text | None = None
    admin: AdminIn
    session_token_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    storage: StorageIn


class FoundedOut(BaseModel):
    """The portal's first administrator."""

    user: dict[Literal["id"], int]


class RemovalIn(_Body):
    """Where the portal to undo is placed."""

    route: RouteIn


@router.post("/portals", status_code=status.HTTP_201_CREATED)
async def found_portal(body: PortalIn, request: Request) -> FoundedOut:
    """Write the rows of a new portal, all or none; called again, answer the same."""
    resources: Resources = request.app.state.resources
    company = Founding(
        company=body.company,
        host=body.route.host,
        region=body.region,
        home_dc=body.route.home,
        locale=body.locale,
        email=body.admin.email,
        password_hash=body.admin.password_hash,
        first_name=body.admin.first_name,
        last_name=body.admin.last_name,
        session_hash=bytes.fromhex(body.session_token_hash),
    )
    storage = (body.storage.bucket, body.storage.access_key, body.storage.secret_key)
    user = await founding.found(
        resources, body.route.route(), company, plan=body.plan, storage=storage
    )
    return FoundedOut(user={"id": user})


@router.delete("/portals/{portal}")
async def remove_portal(portal: PortalId, body: RemovalIn, request: Request) -> Response:
    """Remove every row of a portal whose signup is undone."""
    route = body.route.route()
    if route.portal == portal:
        await founding.remove(request.app.state.resources, route)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
