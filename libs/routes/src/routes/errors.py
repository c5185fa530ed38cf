"""How asking for a route can fail."""

from kernel.errors import UnavailableError


class RoutesUnavailableError(UnavailableError):
    """No routes are known yet and no routing service answers: whether the host exists is not known."""

    code = "routes-unavailable"
