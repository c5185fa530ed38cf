"""How a plan can refuse."""

from kernel.errors import LimitReachedError


class UserLimitError(LimitReachedError):
    """The plan allows no more active users."""

    code = "limit.users"


class StorageLimitError(LimitReachedError):
    """The plan allows no more bytes of files."""

    code = "limit.storage"
