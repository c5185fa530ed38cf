"""How use of the CRM can fail."""

from kernel.errors import (
    ConflictError,
    InvalidError,
    LimitReachedError,
    NotFoundError,
    TooLargeError,
)


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


class HonorificUnknownError(InvalidError):
    """The portal's list has no such form of address."""

    code = "lead-honorific-unknown"


class ResponsibleNotFoundError(InvalidError):
    """The person who is to be responsible is not here, or no longer."""

    code = "responsible-not-found"


class ExternalIdTakenError(ConflictError):
    """Another lead has this number of the other system already."""

    code = "external-id-taken"


class CustomTooLargeError(TooLargeError):
    """All values of the portal's own fields together are more than a card holds."""

    code = "custom-too-large"


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


class ListEntryNotFoundError(NotFoundError):
    """No entry of this id in the portal's lists."""

    code = "list-entry-not-found"


class ListEntryCodeInvalidError(InvalidError):
    """The code of an entry holds something else than letters, digits, and . : - _, or is too long."""

    code = "list-entry-code-invalid"


class ListEntryTakenError(ConflictError):
    """The list has an entry of this code already."""

    code = "list-entry-taken"


class ListEntryInUseError(ConflictError):
    """Leads hold the entry."""

    code = "list-entry-in-use"


class ListEntryOfSystemError(ConflictError):
    """The system counts on the entry, so it cannot be removed."""

    code = "list-entry-of-system"


class SemanticsMisplacedError(InvalidError):
    """Only statuses of leads are final or not, and only one of them means success."""

    code = "semantics-misplaced"


class ListFullError(LimitReachedError):
    """A list has no room for more entries."""

    code = "list-full"


class FieldNotFoundError(NotFoundError):
    """No field of this id in this portal."""

    code = "field-not-found"


class FieldNameTooLongError(InvalidError):
    """The code of a field is too long."""

    code = "field-name-too-long"


class FieldNameInvalidError(InvalidError):
    """The code of a field holds something else than A-Z, 0-9 and _, or nothing."""

    code = "field-name-invalid"


class FieldNameTakenError(ConflictError):
    """The portal has a field of this code already."""

    code = "field-name-taken"


class FieldTypeUnknownError(InvalidError):
    """There is no such type of fields."""

    code = "field-type-unknown"


class FieldTypeNotYetError(InvalidError):
    """Fields of this type are not there yet."""

    code = "field-type-not-yet"


class FieldSettingsInvalidError(InvalidError):
    """Settings or default of a field do not go with its type, or are too large; ``reason`` says which."""

    code = "field-settings-invalid"


class TooManyFieldsError(LimitReachedError):
    """The portal has as many fields as it may."""

    code = "too-many-fields"


class TooManyItemsError(InvalidError):
    """A field has more choices than it may."""

    code = "too-many-items"


class ItemTakenError(ConflictError):
    """Two choices of a field have the same id or external code, which is ``given``."""

    code = "item-taken"


class ItemsMisplacedError(InvalidError):
    """Only an enumeration has choices."""

    code = "items-misplaced"


class FieldUnknownError(InvalidError):
    """A card names a field that the portal does not have."""

    code = "field-unknown"


class FieldMandatoryError(InvalidError):
    """A field must be filled in."""

    code = "field-mandatory"


class FieldValueError(InvalidError):
    """The value is not what the type of the field asks for; ``reason`` is the type, or ``too-many``."""

    code = "field-value"
