"""How use of the CRM can fail."""

from kernel.errors import ConflictError, InvalidError, NotFoundError, TooLargeError


class LeadNotFoundError(NotFoundError):
    """No such lead in this portal."""

    code = "lead-not-found"


class ContactNotFoundError(NotFoundError):
    """No such contact in this portal."""

    code = "contact-not-found"


class ImportNotFoundError(NotFoundError):
    """No such import in this portal, or it is over since more than a month."""

    code = "import-not-found"


class StatusUnknownError(InvalidError):
    """The portal's list has no such status."""

    code = "lead-status-unknown"


class SourceUnknownError(InvalidError):
    """The portal's list has no such source."""

    code = "lead-source-unknown"


class ResponsibleNotFoundError(InvalidError):
    """The person who is to be responsible is not here, or no longer."""

    code = "responsible-not-found"


class ExternalIdTakenError(ConflictError):
    """Another lead has this number of the other system already."""

    code = "external-id-taken"


class ContactNamelessError(InvalidError):
    """A contact needs a first name, a last name or a company."""

    code = "contact-nameless"


class DuplicatesOfNothingError(InvalidError):
    """Neither a phone number nor an address was asked for."""

    code = "duplicates-of-nothing"


class NotCsvError(InvalidError):
    """The body of an import is declared as something else than text/csv."""

    code = "import-not-csv"


class ImportInterruptedError(InvalidError):
    """The sender stopped before the whole file was here; nothing was kept."""

    code = "import-interrupted"


class ImportEmptyError(InvalidError):
    """The file has no line at all."""

    code = "import-empty"


class TooManyLinesError(TooLargeError):
    """The file has more lines than one import takes."""

    code = "import-too-many-lines"


class FileRefusedError(InvalidError):
    """The file as a whole cannot be read as leads; ``reason`` is the code of the text that says why."""

    code = "import-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason
