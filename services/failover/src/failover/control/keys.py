"""The keys in etcd that the control plane reads and writes."""

from etcd import Span
from kernel.ids import PairId, PortalId

LEADER = "leader"
MOVING = Span.prefix("moving/")
NODES = Span.prefix("node/")
PAIRS = Span.prefix("pair/")
PORTALS = Span.prefix("portal/")
RAISED = Span.prefix("raised/")
REPORTS = Span.prefix("report/")

# all of the above lie side by side, so that one watch sees them in their order
WATCHED = Span(LEADER, REPORTS.end)


def pair_key(pair: PairId) -> str:
    """``pair/<id>``: the record (``wire``)."""
    return f"pair/{pair}"


def decisions_key(pair: PairId) -> str:
    """``decisions/<pair>``: the last changes of the record, each with its sentence."""
    return f"decisions/{pair}"


def report_key(pair: PairId, site: str) -> str:
    """``report/<pair>/<site>``: what the site's agent says, under a lease."""
    return f"report/{pair}/{site}"


def portal_key(portal: PortalId) -> str:
    """``portal/<id>``: host, pair, home, epoch, state."""
    return f"portal/{portal}"


def moving_key(portal: PortalId) -> str:
    """``moving/<id>``: exists exactly while the portal is being switched."""
    return f"moving/{portal}"


def raised_key(portal: PortalId) -> str:
    """``raised/<id>``: while it is switched, the word of its source's server (``portals.Raised``)."""
    return f"raised/{portal}"
