"""HTTP for logging in and out, and for the links that come by mail."""

from typing import Annotated

from fastapi import Path, status

from portal.context import Context
from portal.modules.company import wiring
from portal.modules.company.domain.people import normalised_email
from portal.modules.company.domain.sessions import token_hash
from portal.modules.company.errors import LoginRefusedError, TooManyLoginsError
from portal.modules.company.schemas.people import ConfirmationOut
from portal.modules.company.schemas.sessions import AcceptanceIn, LoginIn, SessionOut
from portal.modules.company.service.access import Refused
from portal.modules.company.wiring import identity
from portal.unit import PublicRoute, StreamingPublicRoute
from portal.unit import router as make_router

public_router = make_router("", "sessions", kind=PublicRoute)
login_router = make_router("", "sessions", kind=StreamingPublicRoute)
public_routers = (login_router, public_router)
router = make_router("", "company")


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
