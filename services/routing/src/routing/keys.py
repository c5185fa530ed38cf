"""The keys of the directory in etcd, and what stands under them."""

import logging
from collections.abc import Mapping
from typing import Any

import orjson

from etcd import Span
from kernel.ids import PairId, PortalId
from routes import PairRecord, PortalRecord

_log = logging.getLogger(__name__)

PAIRS, PORTALS, CLAIMS, HISTORY = "pair/", "portal/", "claim/", "history"

# pairs and portals are neighbours in the order of keys, so that one watch sees both
FOLLOWED = Span(PAIRS, Span.prefix(PORTALS).end)


def portal_key(portal: PortalId) -> str:
    """``portal/<id>``: host, pair, home, epoch, state."""
    return f"{PORTALS}{portal}"


def pair_key(pair: PairId) -> str:
    """``pair/<id>``: mode, term, who serves each side."""
    return f"{PAIRS}{pair}"


def host_key(label: str) -> str:
    """``host/<label>``: the portal that has the name, or claims it."""
    return f"host/{label}"


def claim_key(portal: PortalId) -> str:
    """``claim/<portal id>``: a sign-up under way."""
    return f"{CLAIMS}{portal}"


def node_key(dc: str, node: str) -> str:
    """``node/<dc>/<node>``: a live web node, and the revision up to which it knows all routes."""
    return f"node/{dc}/{node}"


def moving_key(portal: PortalId) -> str:
    """``moving/<portal id>``: the failover's mark, there exactly while it switches the portal."""
    return f"moving/{portal}"


def record_of(key: str, value: bytes, revision: int) -> PortalRecord | PairRecord | None:
    """Read a followed key; ``None`` if it is neither a portal nor a pair.

    A record that cannot be read is logged and passed over: one mistake must not hold up all portals.
    """
    try:
        if key.startswith(PORTALS):
            return PortalRecord.from_json(orjson.loads(value), revision)
        if key.startswith(PAIRS):
            return PairRecord.from_json(orjson.loads(value), revision)
    except (KeyError, TypeError, ValueError):
        _log.exception("record not understood", extra={"key": key})
    return None


def portal_of(key: str) -> PortalId:
    """Return the portal whose ``portal/<id>`` key this is."""
    return PortalId(int(key.removeprefix(PORTALS)))


def encode(content: Mapping[str, Any]) -> bytes:
    """Return a value as it is stored."""
    return orjson.dumps(content)
