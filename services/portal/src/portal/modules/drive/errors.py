"""How use of the drive can fail; the failures of the object store itself are in ``blobs.errors``."""

from kernel.errors import ConflictError, InvalidError, NotFoundError, UnavailableError


class NoSuchFileError(NotFoundError):
    """The person has no such file."""

    code = "file-not-found"


class NoSuchPartError(NotFoundError):
    """The upload has fewer parts."""

    code = "part-not-found"


class NameInvalidError(InvalidError):
    """The name is empty, too long, or holds what no file name may."""

    code = "file-name-invalid"


class NameTakenError(ConflictError):
    """The person has a file of this name."""

    code = "file-name-taken"


class DigestMalformedError(InvalidError):
    """A digest header holds no SHA-256 that can be read."""

    code = "digest-malformed"


class PartSizeError(InvalidError):
    """A part has not the size it must have."""

    code = "part-size-wrong"


class UploadCompletedError(ConflictError):
    """The upload is a file already."""

    code = "upload-completed"


class UploadInterruptedError(InvalidError):
    """The sender stopped before everything was here; nothing was kept."""

    code = "upload-interrupted"


class DriveBusyError(UnavailableError):
    """The node takes no more uploads at the moment; nothing was done."""

    code = "drive-busy"
