"""How the verbs of failover can fail, refusals apart; the texts are in ``messages.toml``."""

from kernel.errors import NotFoundError, UnavailableError


class PairUnknownError(NotFoundError):
    """There is no such pair of two datacentres."""

    code = "pair-unknown"


class PortalUnknownError(NotFoundError):
    """There is no portal of this id."""

    code = "portal-unknown"


class NoLeaderError(UnavailableError):
    """Nobody leads: wait for the election."""

    code = "no-leader"


class NoMajorityError(UnavailableError):
    """etcd has no majority, or did not answer. Nothing was changed."""

    code = "etcd-without-majority"


class OutcomeUnknownError(UnavailableError):
    """etcd did not confirm the change: it may be done. Look before repeating it."""

    code = "outcome-unknown"


class OvertakenError(UnavailableError):
    """The record changed again and again while the demand was weighed. Nothing was changed."""

    code = "overtaken"


class NotComparedError(NotFoundError):
    """The contents of the pair have not been compared since its services started."""

    code = "not-compared"


class SiteUnreachableError(UnavailableError):
    """The site that must answer this does not."""

    code = "site-unreachable"


class DatabaseUnavailableError(UnavailableError):
    """The database that must answer this does not."""

    code = "database-unavailable"
