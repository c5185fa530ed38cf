"""Which portal a host name is and who serves it, held in memory by every node.

``RouteMap`` follows the routing service and answers without a call. ``RouteTable`` is the state itself,
with the rules that keep it from going back in time; the routing service holds the same one.
``records`` are the values both speak of, and their JSON.
"""

from routes.errors import RoutesUnavailableError
from routes.map import RouteMap
from routes.records import ACTIVE, DRAINING, SUSPENDED, PairRecord, PortalRecord, Route
from routes.table import RouteTable

__all__ = [
    "ACTIVE",
    "DRAINING",
    "SUSPENDED",
    "PairRecord",
    "PortalRecord",
    "Route",
    "RouteMap",
    "RouteTable",
    "RoutesUnavailableError",
]
