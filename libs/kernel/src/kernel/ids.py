"""Identities that cross process borders."""

import secrets
from typing import NewType

PortalId = NewType("PortalId", int)
PairId = NewType("PairId", int)


def new_portal_id() -> PortalId:
    """Return a random positive 63-bit id.

    Random, not counted: two installations never meet to agree on a counter, yet a portal moves
    between them without renumbering. Among a million portals two share an id with probability 5e-8,
    and the claim of the id in etcd refuses the second.
    """
    return PortalId(secrets.randbits(63) or 1)
