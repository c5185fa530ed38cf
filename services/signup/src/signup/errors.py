"""How a sign-up can fail; the texts stand in ``messages.toml``."""

from kernel.errors import ConflictError, InvalidError, UnavailableError


class HostTakenError(ConflictError):
    """Another portal has this host name."""

    code = "host-taken"


class BodyMalformedError(InvalidError):
    """The body is not a JSON object in UTF-8."""

    code = "body-malformed"


class KeyMalformedError(InvalidError):
    """The ``Idempotency-Key`` is not 1 to 255 visible ASCII characters."""

    code = "idempotency-key-malformed"


class KeyReusedError(InvalidError):
    """The ``Idempotency-Key`` belongs to another body."""

    code = "idempotency-key-reused"


class NoRoomError(UnavailableError):
    """Every pair of the home datacentre is full."""

    code = "no-room"


class SignupPendingError(UnavailableError):
    """It is not finished in the time a client should wait, and goes on by itself."""

    code = "signup-pending"


class SignupUndoneError(UnavailableError):
    """It could not be completed and was undone: nothing is left of it."""

    code = "signup-undone"


class ClaimLostError(Exception):
    """Another node changed the claim since we read it: it is no longer ours to work on."""


class PairMovedError(Exception):
    """The pair changed since its fences were opened: the portal must be writable where it is now."""


class StepRefusedError(Exception):
    """The other side understood and refuses: repeating the step changes nothing."""
