"""How the verbs of routing can fail; the texts are in ``messages.toml``."""

from kernel.errors import ConflictError, InvalidError, NotFoundError, UnavailableError


class HostUnknownError(NotFoundError):
    """No active portal has this host name."""

    code = "host-unknown"


class PortalUnknownError(NotFoundError):
    """There is no portal of this id."""

    code = "portal-unknown"


class ClaimUnknownError(NotFoundError):
    """There is no claim for this portal."""

    code = "claim-unknown"


class PairUnknownError(NotFoundError):
    """There is no pair of this id."""

    code = "pair-unknown"


class HostInvalidError(InvalidError):
    """The name cannot be a portal's; ``reason`` is one of ``hostnames.Flaw``."""

    code = "host-invalid"


class PlaceInvalidError(InvalidError):
    """The datacentre does not exist, or is not part of the pair."""

    code = "place-invalid"


class EpochNotRaisedError(InvalidError):
    """Ownership would move without a higher epoch (or term), or the number would go back."""

    code = "epoch-not-raised"


class HostTakenError(ConflictError):
    """Another portal has this host name, or is about to."""

    code = "host-taken"


class PortalTakenError(ConflictError):
    """The portal's id exists already, or claims another host."""

    code = "portal-taken"


class ClaimPublishedError(ConflictError):
    """The claim is published already: the portal exists."""

    code = "claim-published"


class NoCapacityError(ConflictError):
    """Every pair of the datacentre is full."""

    code = "no-capacity"


class RevisionMovedError(ConflictError):
    """Somebody changed it first; ``current`` is what it is now, ``None`` if it is gone."""

    code = "revision-moved"


class PortalSwitchingError(ConflictError):
    """The failover moves the portal; nothing else may change it until that is done or taken back."""

    code = "portal-switching"


class PairMovedError(ConflictError):
    """The pair changed since its fences were opened for a new portal."""

    code = "pair-moved"


class RoutesNotLoadedError(UnavailableError):
    """The service has just started and has not read etcd yet."""

    code = "routes-not-loaded"


class DirectoryUnavailableError(UnavailableError):
    """etcd has no majority. Nothing was changed; what is in memory is still served."""

    code = "directory-unavailable"


class TooManyNodesError(UnavailableError):
    """More web nodes than an installation has: somebody invents names."""

    code = "too-many-nodes"


class WriteOutcomeUnknownError(UnavailableError):
    """etcd did not confirm the write: it may be done. Read before repeating it."""

    code = "outcome-unknown"
