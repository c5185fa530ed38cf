"""How asking for a route can fail."""

from kernel.errors import UnavailableError


class RoutesUnavailableError(UnavailableError):
    """The host is not known and no routing service answers: whether it exists is not known."""

    code = "routes-unavailable"
