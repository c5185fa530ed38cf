"""What can go wrong with people and departments, as their methods are documented to say it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from pydantic import ValidationError

from kernel.errors import ForbiddenError, LimitReachedError, PorticoError
from portal.modules.company.errors import EmailTakenError, NoSuchDepartmentError, UserNotFoundError
from portal.rest.fields import Field
from portal.rest.method import CallError

Documented = tuple[str, str]
"""Code and text."""

ACCESS_DENIED = "ERROR_CORE", "access_denied"
WRONG_EMAIL = "ERROR_ARGUMENT", "wrong_email"
EMAIL_TAKEN = "ERROR_ARGUMENT", "A user with this email already exists"
TOO_MANY_USERS = "ERROR_ARGUMENT", "user_count_exceeded"
NO_DEPARTMENT = "ERROR_ARGUMENT", "no_extranet_field"
NO_EXTRANET = "ERROR_ARGUMENT", "Extranet users cannot be added yet."
STRUCTURE_ACCESS_DENIED = "ERROR_CORE", "Access denied"
DEPARTMENT_NOT_FOUND = "ERROR_CORE", "Department not found"
DEPARTMENT_WITHOUT_NAME = "ERROR_CORE", "Department name not provided.<br>"
SECOND_ROOT: Documented = (
    "ERROR_CORE",
    "There can only be one top-level department in the company structure",
)

OF_ERRORS: Mapping[type[PorticoError], Documented] = {
    UserNotFoundError: ACCESS_DENIED,
    ForbiddenError: ACCESS_DENIED,
    EmailTakenError: EMAIL_TAKEN,
    LimitReachedError: TOO_MANY_USERS,
    NoSuchDepartmentError: DEPARTMENT_NOT_FOUND,
}


def refusal(documented: Documented) -> CallError:
    """Return the error that the caller is told."""
    return CallError(400, *documented)


@contextmanager
def documented(fields: Iterable[Field]) -> Iterator[None]:
    """Say failures of ours as documented; of others their text alone is told, as of all methods."""
    try:
        yield
    except tuple(OF_ERRORS) as error:
        said = next(said for kind, said in OF_ERRORS.items() if isinstance(error, kind))
        raise refusal(said) from None
    except ValidationError as error:
        wrong = error.errors()[0]["loc"][0]
        name = next((field.name for field in fields if field.ours == wrong), wrong)
        raise refusal(("ERROR_CORE", f"Invalid value of field {name}.")) from None
