"""HTTP for the company: parse, call one use case, render."""

from typing import Annotated

from fastapi import Path, Query, status

from portal.context import AdminContext, Context, RequestContext
from portal.modules.company import wiring
from portal.modules.company.contracts import DepartmentId, UserId, UserState
from portal.modules.company.domain import normalised_email, token_hash
from portal.modules.company.errors import LoginRefusedError, TooManyLoginsError, UserNotFoundError
from portal.modules.company.schemas import (
    AcceptanceIn,
    ConfirmationOut,
    DepartmentIn,
    DepartmentOut,
    InvitationsIn,
    LoginIn,
    MeOut,
    PortalOut,
    RowId,
    SessionOut,
    UserDetailOut,
    UserIn,
    UserOut,
)
from portal.modules.company.service.access import Refused
from portal.modules.company.service.people import NewUser
from portal.modules.company.wiring import identity
from portal.paging import Page, Paging, cursor, cut
from portal.unit import PublicRoute, StreamingPublicRoute
from portal.unit import router as make_router

public_router = make_router("", "sessions", kind=PublicRoute)
login_router = make_router("", "sessions", kind=StreamingPublicRoute)
router = make_router("", "company")

UserPath = Annotated[RowId, Path(alias="id")]


@login_router.post(
    "/sessions", summary="Log in with a password", status_code=status.HTTP_201_CREATED
)
async def log_in(body: LoginIn, context: Context) -> SessionOut:
    async with context.writing() as session:
        email_hash = token_hash(normalised_email(body.email))
        failures = await wiring.find_failures(session, email_hash)
        service = wiring.access_service(session)
        outcome = await service.log_in(body.email, body.password, failures)
    if isinstance(outcome, Refused):  # raised only now, so that the wrong try is committed
        if outcome.wait is not None:
            raise TooManyLoginsError(retry_after=outcome.wait.total_seconds())
        raise LoginRefusedError
    return SessionOut.of(outcome)


@login_router.get("/confirmations/{token}", summary="Confirm an address (the link of the mail)")
async def confirm(token: Annotated[str, Path(max_length=128)], context: Context) -> ConfirmationOut:
    async with context.writing() as session:
        user = await wiring.access_service(session).confirm(token)
    return ConfirmationOut(email=user.email)


@public_router.post(
    "/invitation-acceptances",
    summary="Take up an invitation and be logged in",
    status_code=status.HTTP_201_CREATED,
)
async def accept(body: AcceptanceIn, context: Context) -> SessionOut:
    opened = await wiring.people_of(context).accept(
        body.token, body.password, body.first_name, body.last_name
    )
    return SessionOut.of(opened)


@router.delete("/sessions/current", summary="Log out", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(context: Context) -> None:
    await wiring.access_service(context.writer).log_out(context.user.session_id)
    identity.forget_sessions(context)


@router.get("/me", summary="Who is logged in, and where")
async def me(context: Context) -> MeOut:
    people = wiring.people(context.reader)
    user = await people.find(UserId(context.user.user_id))
    if user is None:
        raise UserNotFoundError(id=context.user.user_id)
    return MeOut(
        **UserOut.of(user).model_dump(),
        department_ids=await people.departments_of(user.id),
        portal=await _portal(context),
    )


@router.get("/portal", summary="The portal itself")
async def get_portal(context: Context) -> PortalOut:
    return await _portal(context)


@router.get("/users", summary="List people")
async def list_users(
    context: Context,
    page: Paging,
    state: UserState | None = None,
    search: Annotated[
        str | None, Query(max_length=100, description="part of a name or address")
    ] = None,
) -> Page[UserOut]:
    after = page.after_id("users")
    found = await wiring.people(context.reader).all(
        after=after, limit=page.limit + 1, state=state, search=search
    )
    users, more = cut(found, page.limit)
    return Page(
        items=[UserOut.of(u) for u in users],
        next=cursor("users", users[-1].id) if more else None,
    )


@router.post("/users", summary="Add somebody by hand", status_code=status.HTTP_201_CREATED)
async def add_user(body: UserIn, context: AdminContext) -> UserOut:
    new = NewUser(
        email=body.email,
        first_name=body.first_name,
        last_name=body.last_name,
        password=body.password,
        role=body.role,
        department_ids=body.department_ids,
    )
    return UserOut.of(await wiring.people_of(context).add(new, context.locale))


@router.post(
    "/users/invitations", summary="Invite people by mail", status_code=status.HTTP_201_CREATED
)
async def invite(body: InvitationsIn, context: AdminContext) -> list[UserOut]:
    service = wiring.people_of(context)
    users = await service.invite(body.emails, UserId(context.user.user_id), body.department_ids)
    return [UserOut.of(u) for u in users]


@router.get("/users/{id}", summary="Show a person")
async def get_user(user_id: UserPath, context: Context) -> UserDetailOut:
    people = wiring.people(context.reader)
    user = await people.find(UserId(user_id))
    if user is None:
        raise UserNotFoundError(id=user_id)
    return UserDetailOut(
        **UserOut.of(user).model_dump(), department_ids=await people.departments_of(user.id)
    )


@router.post("/users/{id}/invitation", summary="Send the invitation again")
async def invite_again(user_id: UserPath, context: AdminContext) -> UserOut:
    service = wiring.people_of(context)
    return UserOut.of(await service.invite_again(UserId(user_id), UserId(context.user.user_id)))


@router.post("/users/{id}/dismissal", summary="Dismiss somebody")
async def dismiss(user_id: UserPath, context: AdminContext) -> UserOut:
    user = await wiring.people_of(context).dismiss(UserId(user_id))
    identity.forget_sessions(context)
    return UserOut.of(user)


@router.get("/departments", summary="List departments")
async def list_departments(context: Context, page: Paging) -> Page[DepartmentOut]:
    after = page.after_id("departments")
    found = await wiring.company(context.reader).departments(after=after, limit=page.limit + 1)
    departments, more = cut(found, page.limit)
    return Page(
        items=[DepartmentOut.of(d) for d in departments],
        next=cursor("departments", departments[-1].id) if more else None,
    )


@router.post("/departments", summary="Make a department", status_code=status.HTTP_201_CREATED)
async def add_department(body: DepartmentIn, context: AdminContext) -> DepartmentOut:
    parent = None if body.parent_id is None else DepartmentId(body.parent_id)
    return DepartmentOut.of(await wiring.departments(context.writer).make(body.name, parent))


async def _portal(context: RequestContext) -> PortalOut:
    company = await wiring.company(context.reader).find()
    assert company is not None  # noqa: S101  # a logged-in person implies his company
    return PortalOut(
        id=str(context.route.portal),
        host=context.resources.settings.host_of(context.route.host),
        company=company.name,
        region=company.region,
        locale=company.locale,
        home_dc=company.home_dc,
        owner_dc=context.route.owner,
        created_at=company.created_at,
    )
