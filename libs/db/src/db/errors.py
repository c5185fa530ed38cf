"""What can go wrong between us and the database, told apart by what the caller may do next."""

from kernel.errors import PorticoError, UnavailableError


class StaleRouteError(PorticoError):
    """The fence did not open: this server no longer (or not yet) writes the portal. Nothing was done."""

    code = "stale-route"


class DatabaseUnavailableError(UnavailableError):
    """The database does not answer, or has no free connection. Nothing was done; try again."""

    code = "database-unavailable"


class OutcomeUnknownError(UnavailableError):
    """The connection was lost inside COMMIT: it may or may not have happened.

    A retry with the same ``Idempotency-Key`` gets the answer of whichever it was.
    """

    code = "outcome-unknown"


class ContendedError(UnavailableError):
    """A lock was not given in time, or the transaction was chosen to break a deadlock; undone."""

    code = "contended"


class DuplicateKeyError(Exception):
    """A unique index already holds this value; ``index`` is its name. For repositories to translate."""

    def __init__(self, index: str) -> None:
        super().__init__(index)
        self.index = index
