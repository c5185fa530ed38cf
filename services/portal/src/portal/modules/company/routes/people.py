"""HTTP for people, and for the portal they are in."""

from typing import Annotated

from fastapi import Path, Query, status

from kernel.conditions import Condition, Operator, Sorting
from portal.context import AdminContext, Context, RequestContext
from portal.modules.company import wiring
from portal.modules.company.contracts import UserId, UserState
from portal.modules.company.domain.people import Editor, Member
from portal.modules.company.domain.profiles import LONGEST_EXTENSION
from portal.modules.company.errors import UserNotFoundError
from portal.modules.company.schemas.fields import RowId
from portal.modules.company.schemas.people import (
    InvitationsIn,
    MeOut,
    PortalOut,
    UserDetailOut,
    UserIn,
    UserOut,
    UserPatch,
)
from portal.modules.company.service.people import NewUser
from portal.modules.company.wiring import identity
from portal.paging import Page, Paging, cursor, cut
from portal.unit import router as make_router

router = make_router("", "company")

UserPath = Annotated[RowId, Path(alias="id")]
BY_ID = (Sorting("id"),)


@router.get("/me", summary="Who is logged in, and where")
async def me(context: Context) -> MeOut:
    member = await _member(context, UserId(context.user.user_id))
    known = UserDetailOut.of_member(member).model_dump()
    return MeOut(**known, portal=await _portal(context))


@router.get("/portal", summary="The portal itself")
async def get_portal(context: Context) -> PortalOut:
    return await _portal(context)


@router.get("/users", summary="List people")
async def list_users(
    context: Context,
    page: Paging,
    state: UserState | None = None,
    extension: Annotated[
        str | None, Query(max_length=LONGEST_EXTENSION, description="the digits, whole")
    ] = None,
    search: Annotated[
        str | None, Query(max_length=100, description="part of a name, position or address")
    ] = None,
) -> Page[UserOut]:
    conditions = [Condition("id", Operator.GREATER, (page.after_id("users"),))]
    if state is not None:
        conditions.append(Condition("state", Operator.EQUAL, (state.value,)))
    if extension is not None:
        conditions.append(Condition("extension", Operator.EQUAL, (extension,)))
    if search is not None:
        conditions.append(Condition("name_or_address", Operator.CONTAINS, (search,)))
    finder = wiring.people_finder(context.reader)
    members, more = cut(await finder.page(conditions, BY_ID, 0, page.limit + 1), page.limit)
    return Page(
        items=[UserOut.of(m.user) for m in members],
        next=cursor("users", members[-1].user.id) if more else None,
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
    return UserDetailOut.of_member(await _member(context, UserId(user_id)))


@router.patch("/users/{id}", summary="Change what is known of a person, or of oneself")
async def update_user(user_id: UserPath, body: UserPatch, context: Context) -> UserDetailOut:
    editor = Editor(UserId(context.user.user_id), context.user.role == "admin")
    service = wiring.profiles_of(context, editor)
    return UserDetailOut.of_member(await service.update(UserId(user_id), body.given()))


@router.post("/users/{id}/invitation", summary="Send the invitation again")
async def invite_again(user_id: UserPath, context: AdminContext) -> UserOut:
    service = wiring.people_of(context)
    return UserOut.of(await service.invite_again(UserId(user_id), UserId(context.user.user_id)))


@router.post("/users/{id}/dismissal", summary="Dismiss somebody")
async def dismiss(user_id: UserPath, context: AdminContext) -> UserOut:
    user = await wiring.people_of(context).dismiss(UserId(user_id), UserId(context.user.user_id))
    identity.forget_sessions(context)
    return UserOut.of(user)


@router.post("/users/{id}/restoration", summary="Take back somebody who was dismissed")
async def restore(user_id: UserPath, context: AdminContext) -> UserOut:
    by = UserId(context.user.user_id)
    return UserOut.of(await wiring.people_of(context).restore(UserId(user_id), by))


async def _member(context: RequestContext, user_id: UserId) -> Member:
    member = await wiring.people(context.reader).find_member(user_id)
    if member is None:
        raise UserNotFoundError(id=user_id)
    return member


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
