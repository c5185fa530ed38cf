"""How the object store can fail, as kinds the rest of the product knows. Texts: ``messages.toml``."""

from kernel.errors import (
    ConflictError,
    InvalidError,
    LimitReachedError,
    NotFoundError,
    PorticoError,
    UnavailableError,
)


class BlobNotFoundError(NotFoundError):
    """There is no object under this key."""

    code = "blob-not-found"


class UploadNotFoundError(NotFoundError):
    """The upload was aborted, swept after its week, or never begun."""

    code = "upload-not-found"


class ChecksumMismatchError(InvalidError):
    """The bytes are not those whose SHA-256 was announced; nothing was kept."""

    code = "checksum-mismatch"


class RangeNotSatisfiableError(InvalidError):
    """The asked range lies outside the object."""

    code = "range-not-satisfiable"


class UploadIncompleteError(ConflictError):
    """Parts are missing, or one but the last is smaller than S3 allows (5 MiB)."""

    code = "upload-incomplete"


class AccountExistsError(ConflictError):
    """The portal has its account in the object store already."""

    code = "storage-account-exists"


class AccountNotFoundError(NotFoundError):
    """The portal has no account in the object store."""

    code = "storage-account-not-found"


class StorageFullError(LimitReachedError):
    """The quota set in the object store itself is used up."""

    code = "storage-full"


class StorageUnavailableError(UnavailableError):
    """The object store cannot be reached, is overloaded, or broke off: a change may yet be done."""

    code = "storage-unavailable"


class StorageTimeoutError(StorageUnavailableError):
    """The object store did not answer in time."""

    code = "storage-timeout"


class StorageRefusedError(PorticoError):
    """The object store answered what a sound installation never meets: a defect, not the caller's."""

    code = "storage-refused"


class AccessDeniedError(StorageRefusedError):
    """The key does not open this: another portal's bucket, or a key that was removed."""

    code = "storage-denied"


_KINDS: dict[str, type[PorticoError]] = {
    "403": AccessDeniedError,  # answers to HEAD have no body, and so no better code
    "404": BlobNotFoundError,
    "AccessDenied": AccessDeniedError,
    "BucketAlreadyOwnedByYou": AccountExistsError,
    "BadDigest": ChecksumMismatchError,
    "EntityTooSmall": UploadIncompleteError,
    "InvalidAccessKeyId": AccessDeniedError,
    "InvalidPart": UploadIncompleteError,
    "InvalidPartOrder": UploadIncompleteError,
    "InvalidRange": RangeNotSatisfiableError,
    "NoSuchKey": BlobNotFoundError,
    "NoSuchUpload": UploadNotFoundError,
    "NoSuchUser": AccountNotFoundError,
    "QuotaExceeded": StorageFullError,
    "RequestTimeout": StorageTimeoutError,  # radosgw waited for its disks: say, they are full
    "SignatureDoesNotMatch": AccessDeniedError,
    "TooManyBuckets": AccountExistsError,  # each account may have one
    "UserAlreadyExists": AccountExistsError,
    "XAmzContentSHA256Mismatch": ChecksumMismatchError,
}
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


def refusal(status: int, code: str) -> PorticoError:
    """Return the error for an answer of S3; ``code`` is S3's own, or the status where there is none."""
    overloaded = status >= _SERVER_ERROR or status == _TOO_MANY_REQUESTS
    kind = _KINDS.get(code, StorageUnavailableError if overloaded else StorageRefusedError)
    return kind(reason=code)
