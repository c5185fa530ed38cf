"""What opens a bucket."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key of the object store; its secret is never shown."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """A portal's place in the object store: its bucket, and the one key that opens it."""

    bucket: str
    key: AccessKey
