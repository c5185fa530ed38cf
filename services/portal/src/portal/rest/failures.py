"""Every failure of ours as one of the documented errors: the only place where they become such."""

from fastapi import Request
from starlette.responses import Response

from db.errors import (
    ContendedError,
    DatabaseUnavailableError,
    OutcomeUnknownError,
    StaleRouteError,
)
from kernel import errors
from kernel.messages import Catalogue
from portal.rest import envelope
from portal.rest.method import CallError
from portal.unit import MEANWHILE
from web import problems

PREFIX = "/rest/"

# Of these the transaction, not the method, is the cause: the request as a whole may be tried again
OF_THE_TRANSACTION = (
    ContendedError,
    DatabaseUnavailableError,
    OutcomeUnknownError,
    StaleRouteError,
)
# What a method itself says: of the classic methods the text alone tells what is wrong
OF_METHODS: dict[type[errors.PorticoError], tuple[int, str]] = {
    errors.PorticoError: (400, ""),
    errors.UnauthenticatedError: (401, "NO_AUTH_FOUND"),
    errors.ForbiddenError: (403, "ACCESS_DENIED"),
    errors.TooManyRequestsError: (503, "QUERY_LIMIT_EXCEEDED"),
    errors.UnavailableError: (503, "INTERNAL_SERVER_ERROR"),
}
# What is wrong before a method is found, or with the request as a whole
OF_REQUESTS: dict[type[errors.PorticoError], tuple[int, str]] = {
    **OF_METHODS,
    errors.PorticoError: (400, "INVALID_REQUEST"),
    errors.NotFoundError: (404, "PORTAL_DELETED"),
    errors.ConflictError: (409, "INVALID_REQUEST"),
    errors.TooLargeError: (413, "INVALID_REQUEST"),
    StaleRouteError: (503, "INTERNAL_SERVER_ERROR"),
    OutcomeUnknownError: (500, "ERROR_UNEXPECTED_ANSWER"),
}
OF_STATUS = {
    404: CallError(404, "ERROR_METHOD_NOT_FOUND", "Method not found!"),
    500: CallError(500, "INTERNAL_SERVER_ERROR", "Internal server error"),
}


def of_method(error: errors.PorticoError, catalogue: Catalogue, locale: str) -> CallError:
    """Return what the caller of a method is told."""
    status, code = _nearest(OF_METHODS, error)
    return CallError(status, code, _text(error, catalogue, locale))


def of_request(error: errors.PorticoError, catalogue: Catalogue, locale: str) -> CallError:
    """Return what is told of a request that reached no method."""
    status, code = _nearest(OF_REQUESTS, error)
    return CallError(status, code, _text(error, catalogue, locale))


class Shape:
    """Of failures outside every method, those of the gate included; for ``web.problems``."""

    def expected(self, request: Request, error: errors.PorticoError) -> Response:
        """Render a failure of ours."""
        catalogue: Catalogue = request.app.state.messages
        return envelope.failure(of_request(error, catalogue, problems.locale_of(request)))

    def other(self, request: Request, status: int) -> Response:
        """Render what has no kind; behind a defect, what was committed before it."""
        meanwhile: Response | None = request.scope.get(MEANWHILE)
        return meanwhile or envelope.failure(
            OF_STATUS.get(status, CallError(status, "INVALID_REQUEST", "Invalid request."))
        )


def _nearest(
    table: dict[type[errors.PorticoError], tuple[int, str]], error: errors.PorticoError
) -> tuple[int, str]:
    return next(table[kind] for kind in type(error).__mro__ if kind in table)


def _text(error: errors.PorticoError, catalogue: Catalogue, locale: str) -> str:
    text = catalogue.text(error.code, locale, error.values)
    if isinstance(error, errors.InvalidFieldsError):
        fields = (f"{wrong.pointer.lstrip('/')}: {wrong.detail}" for wrong in error.errors)
        return " ".join((text, *fields))
    return text
