"""What etcd keeps and answers, as frozen values, and its wire form.

On the wire keys and values are base64, 64-bit numbers are strings, and false, zero and empty fields
are left out. ``to_wire`` and ``from_wire`` are the only places that know.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NewType, Self

Wire = Mapping[str, Any]
Lease = NewType("Lease", int)

NO_LEASE = Lease(0)


def encode(text: str | bytes) -> str:
    """Return the wire form of a key or value."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


@dataclass(frozen=True, slots=True)
class Span:
    """Keys from ``start`` up to, not including, ``end``; one key if there is no end."""

    start: str
    end: str | None = None

    @classmethod
    def prefix(cls, prefix: str) -> Self:
        """Every key that begins with ``prefix``, whose last character must be ASCII."""
        return cls(prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1))

    def after(self, key: str) -> "Span":
        """Return the rest of the span behind ``key``."""
        return Span(key + "\0", self.end)

    def to_wire(self) -> dict[str, str]:
        """Return the two fields that name a span in each request."""
        wire = {"key": encode(self.start)}
        return wire if self.end is None else wire | {"range_end": encode(self.end)}


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A key as it stood at ``mod_revision``; ``version`` counts its changes since it was made."""

    key: str
    value: bytes
    mod_revision: int
    version: int
    lease: Lease = NO_LEASE

    @classmethod
    def from_wire(cls, wire: Wire) -> Self:
        """Read one element of ``kvs``."""
        return cls(
            key=base64.b64decode(wire["key"]).decode(),
            value=base64.b64decode(wire.get("value", "")),
            mod_revision=int(wire.get("mod_revision", 0)),
            version=int(wire.get("version", 0)),
            lease=Lease(int(wire.get("lease", 0))),
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a span at ``revision``; ``more`` says that keys follow. ``cluster`` never changes."""

    kvs: tuple[KeyValue, ...]
    revision: int
    cluster: str
    more: bool

    @classmethod
    def from_wire(cls, wire: Wire, header: Wire) -> Self:
        """Read a range answer; inside a txn the header stands outside of it."""
        return cls(
            kvs=tuple(KeyValue.from_wire(kv) for kv in wire.get("kvs", ())),
            revision=int(header["revision"]),
            cluster=str(header["cluster_id"]),
            more=bool(wire.get("more", False)),
        )


@dataclass(frozen=True, slots=True)
class Compare:
    """One condition of a txn, always equality."""

    key: str
    target: Literal["MOD", "VERSION"]
    value: int

    def to_wire(self) -> Wire:
        """Return the element of ``compare``."""
        field = "mod_revision" if self.target == "MOD" else "version"
        key = encode(self.key)
        return {"key": key, "target": self.target, "result": "EQUAL", field: str(self.value)}


def unchanged(key: str, mod_revision: int) -> Compare:
    """Nobody wrote the key since it was read at ``mod_revision``."""
    return Compare(key, "MOD", mod_revision)


def absent(key: str) -> Compare:
    """The key does not exist."""
    return Compare(key, "VERSION", 0)


@dataclass(frozen=True, slots=True)
class Put:
    """Write a key; with a lease it lives as long as that."""

    key: str
    value: bytes
    lease: Lease = NO_LEASE

    def to_wire(self) -> Wire:
        """Return the request, without its envelope."""
        wire = {"key": encode(self.key), "value": encode(self.value)}
        return wire | {"lease": str(self.lease)} if self.lease else wire


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove every key of a span."""

    span: Span

    def to_wire(self) -> Wire:
        """Return the request, without its envelope."""
        return self.span.to_wire()


@dataclass(frozen=True, slots=True)
class Get:
    """Read a span; ``limit`` 0 reads all of it."""

    span: Span
    limit: int = 0

    def to_wire(self) -> Wire:
        """Return the request, without its envelope."""
        return {**self.span.to_wire(), "limit": str(self.limit)}


Op = Put | Delete | Get
_ENVELOPES: dict[type[Op], str] = {
    Put: "request_put",
    Delete: "request_delete_range",
    Get: "request_range",
}


def op_to_wire(op: Op) -> Wire:
    """Return an element of a txn's ``success`` or ``failure``."""
    return {_ENVELOPES[type(op)]: op.to_wire()}


@dataclass(frozen=True, slots=True)
class TxnResult:
    """Which branch ran, at which revision, and what its ``Get`` operations read, in their order."""

    succeeded: bool
    revision: int
    reads: tuple[Page, ...]

    @classmethod
    def from_wire(cls, wire: Wire) -> Self:
        """Read a txn answer."""
        header = wire["header"]
        answers = (r.get("response_range") for r in wire.get("responses", ()))
        return cls(
            succeeded=bool(wire.get("succeeded", False)),
            revision=int(header["revision"]),
            reads=tuple(Page.from_wire(a, header) for a in answers if a is not None),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A key changed at ``revision``; no value means that it is gone."""

    key: str
    value: bytes | None
    revision: int

    @classmethod
    def from_wire(cls, wire: Wire) -> Self:
        """Read one element of ``events``; a missing type means PUT."""
        kv = KeyValue.from_wire(wire["kv"])
        value = None if wire.get("type") == "DELETE" else kv.value
        return cls(kv.key, value, kv.mod_revision)


@dataclass(frozen=True, slots=True)
class WatchBatch:
    """Changes in order; all changes of one revision stand in the same batch."""

    revision: int
    events: tuple[Event, ...]
