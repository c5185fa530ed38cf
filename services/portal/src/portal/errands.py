"""What our own services ask about one portal: its context, if it is served here."""

from fastapi import Request

from kernel.ids import PortalId
from kernel.messages import DEFAULT_LOCALE
from portal.context import RequestContext
from portal.resources import Resources
from portal.unit import PortalMovingError


def context_of(request: Request, portal: PortalId) -> RequestContext:
    """Return the context of a portal that this datacentre serves, else raise ``PortalMovingError``."""
    resources: Resources = request.app.state.resources
    route = resources.routes.find_by_id(portal)
    if route is None or route.owner != resources.site:
        raise PortalMovingError
    return RequestContext(route, resources, DEFAULT_LOCALE)
