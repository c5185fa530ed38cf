"""How use of people and sessions can fail."""

from kernel.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
)


class UserNotFoundError(NotFoundError):
    """No such person in this portal."""

    code = "user-not-found"


class EmailTakenError(ConflictError):
    """A person with this address is here already."""

    code = "email-taken"


class AlreadyDismissedError(ConflictError):
    """The person was dismissed before."""

    code = "user-already-dismissed"


class NotDismissedError(ConflictError):
    """The person was not dismissed, so he cannot come back."""

    code = "user-not-dismissed"


class NotInvitedError(ConflictError):
    """The person does not wait for an invitation."""

    code = "user-not-invited"


class OwnDismissalError(ForbiddenError):
    """Nobody dismisses himself."""

    code = "own-dismissal"


class LastAdministratorError(ForbiddenError):
    """The portal would have no administrator."""

    code = "last-administrator"


class LoginRefusedError(UnauthenticatedError):
    """Address or password is wrong; which one is not told."""

    code = "login-refused"


class TooManyLoginsError(TooManyRequestsError):
    """Too many wrong passwords for this address."""

    code = "too-many-logins"


class LinkUsedError(GoneError):
    """The link of a mail was used, replaced or has expired."""

    code = "link-used"


class DepartmentNotFoundError(InvalidError):
    """A named department does not exist."""

    code = "department-not-found"


class NoSuchDepartmentError(NotFoundError):
    """The department that is asked for does not exist."""

    code = "no-such-department"


class DepartmentCycleError(InvalidError):
    """A department cannot stand under itself, or under one that stands under it."""

    code = "department-cycle"


class RootDepartmentError(ConflictError):
    """The company itself stands on top: it is neither moved nor deleted, and has no equal."""

    code = "department-root"


class HeadNotFoundError(InvalidError):
    """Who shall head the department does not work here."""

    code = "head-not-found"


class PasswordWeakError(InvalidError):
    """The password is too short, or the same as the address."""

    code = "password-weak"
