"""The kinds of expected failure. Plain Python: HTTP learns of them in ``web.problems``.

A concrete error subclasses one kind, sets a stable ``code`` (documented, part of the API) and passes
the values its message names. The texts in ru, uk, de and en stand in a ``messages.toml`` beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


class PorticoError(Exception):
    """Base of every expected failure; ``code`` is stable, the text is not."""

    code: ClassVar[str] = "internal"

    def __init__(self, **values: object) -> None:
        super().__init__(self.code, values)
        self.values: Mapping[str, object] = values


class NotFoundError(PorticoError):
    """What was asked for does not exist, or not for this portal."""

    code = "not-found"


class InvalidError(PorticoError):
    """The request is understood and wrong: mending it is the caller's part."""

    code = "invalid"


class UnauthenticatedError(PorticoError):
    """Nobody is logged in, or the token is no longer good."""

    code = "unauthenticated"


class ForbiddenError(PorticoError):
    """The person is known and may not do this."""

    code = "forbidden"


class ConflictError(PorticoError):
    """The request is fine, but not in the present state."""

    code = "conflict"


class GoneError(PorticoError):
    """It existed, and is used up or expired."""

    code = "gone"


class PreconditionFailedError(PorticoError):
    """Somebody changed it first: read it again."""

    code = "precondition-failed"


class LimitReachedError(PorticoError):
    """The plan does not allow more; buying or freeing does."""

    code = "limit"


class TooLargeError(PorticoError):
    """The request is bigger than the documented limit."""

    code = "too-large"


class TooManyRequestsError(PorticoError):
    """Slow down; ``retry_after`` is in seconds."""

    code = "too-many-requests"

    def __init__(self, *, retry_after: float, **values: object) -> None:
        super().__init__(retry_after=retry_after, **values)
        self.retry_after = retry_after


class UnavailableError(PorticoError):
    """A part we depend on does not answer. Nothing was done, or (``code`` says) it is not known."""

    code = "unavailable"

    def __init__(self, *, retry_after: float = 1.0, **values: object) -> None:
        super().__init__(retry_after=retry_after, **values)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: ``pointer`` is a JSON pointer into the body, or the parameter's name."""

    pointer: str
    code: str
    detail: str


class InvalidFieldsError(InvalidError):
    """Several fields are wrong; each is named."""

    code = "invalid-fields"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(count=len(errors))
        self.errors = tuple(errors)
