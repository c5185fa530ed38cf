"""What can go wrong between us and the database, told apart by what the caller may do next."""

from asyncmy import errors as driver

from kernel.errors import PorticoError, UnavailableError

NOT_CONNECTED = (driver.Error, OSError, RuntimeError)
"""What connecting raises; under uvloop the driver says ``RuntimeError`` when the server hangs up then."""


class StaleRouteError(PorticoError):
    """The fence did not open: this server no longer (or not yet) writes the portal. Nothing was done."""

    code = "stale-route"


class DatabaseUnavailableError(UnavailableError):
    """The database does not answer, or has no free connection. Nothing was done; try again."""

    code = "database-unavailable"


class StatementTooLongError(UnavailableError):
    """The server broke a statement off. Nothing was done, and once more would take as long."""

    code = DatabaseUnavailableError.code


class OutcomeUnknownError(UnavailableError):
    """The connection was lost inside COMMIT: it may or may not have happened.

    A retry with the same ``Idempotency-Key`` gets the answer of whichever it was: ``is_named`` tells that
    the transaction would have found, or left, the row of the key.
    """

    code = "outcome-unknown"
    is_named = False


class ContendedError(UnavailableError):
    """A lock was not given in time, or the transaction was chosen to break a deadlock; undone."""

    code = "contended"


class DuplicateKeyError(Exception):
    """A unique index already holds this value; ``index`` is its name. For repositories to translate."""

    def __init__(self, index: str) -> None:
        super().__init__(index)
        self.index = index
