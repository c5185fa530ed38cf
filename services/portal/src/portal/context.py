"""What a request knows: whose data, who asks, in which language, and the one transaction it runs in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, Request

from db.sessions import ReadSession, WriteSession
from kernel import messages
from kernel.errors import ForbiddenError, UnauthenticatedError
from portal.resources import Resources
from routes import Route

Role = Literal["admin", "employee"]
SCOPE_KEY = "portico.context"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, as of at most a few seconds ago."""

    user_id: int
    role: Role
    session_id: int
    locale: str


@dataclass(slots=True)
class RequestContext:
    """Handed to every module's ``wiring``; nothing below ``wiring`` sees it."""

    route: Route
    resources: Resources
    locale: str
    identity: Identity | None = None
    session: ReadSession | None = None
    has_written: bool = False
    """Whether a transaction without a key was committed: a second run would do that twice."""

    @property
    def reader(self) -> ReadSession:
        """The session of this request; in a write it is the transaction itself."""
        if self.session is None:
            raise LookupError("this route opens its own sessions: use reading() or writing()")
        return self.session

    @property
    def writer(self) -> WriteSession:
        """The transaction of this request."""
        if isinstance(self.session, WriteSession):
            return self.session
        raise LookupError("this route does not write")

    @property
    def user(self) -> Identity:
        """Who asks; raises if nobody is logged in."""
        if self.identity is None:
            raise UnauthenticatedError
        return self.identity

    def speak(self, request: Request, language: str) -> None:
        """Answer in the language of the request; if it names none, in the one given."""
        self.locale = messages.negotiate(request.headers.get("accept-language"), language)
        request.scope["state"]["locale"] = self.locale

    def reading(self) -> AbstractAsyncContextManager[ReadSession]:
        """Open a short read of one's own; for routes that stream."""
        return self.resources.reading(self.route)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteSession]:
        """Open a fenced transaction of one's own; for routes that stream."""
        actor = self.identity.user_id if self.identity else None
        async with self.resources.writing(self.route, actor) as session:
            yield session
        self.has_written = self.has_written or not session.is_named

    def now(self) -> datetime:
        """The instant of the transaction, else the present one."""
        return self.session.now if isinstance(self.session, WriteSession) else datetime.now(tz=UTC)


def of(request: Request) -> RequestContext:
    """Return the context that ``unit`` put there."""
    context: RequestContext = request.scope[SCOPE_KEY]
    return context


# Dependencies are coroutines throughout: FastAPI sends a plain function to a thread, 0.15 ms each
async def given(request: Request) -> RequestContext:
    """The context of the request."""
    return of(request)


async def given_to_administrators(request: Request) -> RequestContext:
    """The context of the request, if it is an administrator's."""
    context = of(request)
    if context.user.role != "admin":
        raise ForbiddenError
    return context


Context = Annotated[RequestContext, Depends(given)]
AdminContext = Annotated[RequestContext, Depends(given_to_administrators)]
Identify = Callable[[Request, RequestContext], Awaitable[Identity | None]]
