"""A thin client of etcd's v3 JSON gateway: reads, compare-and-set, leases, watches, fail-over.

``connect`` opens a ``Client`` over all members. Reads go to the next member when one does not answer;
a write does so only if the first certainly did not take it, otherwise ``OutcomeUnknownError`` says so.
``documents`` keeps JSON documents under compare-and-set. There are no locks here, on purpose: a lock of
etcd does not protect what happens outside of etcd, a ``mod_revision`` checked at the resource does.
"""

from etcd.client import Client, connect
from etcd.errors import (
    CompactedError,
    EtcdError,
    EtcdRefusedError,
    EtcdUnavailableError,
    LeaseGoneError,
    OutcomeUnknownError,
)
from etcd.maintenance import MemberStatus
from etcd.records import (
    Compare,
    Delete,
    Event,
    Get,
    KeyValue,
    Lease,
    Op,
    Page,
    Put,
    Span,
    TxnResult,
    WatchBatch,
    absent,
    unchanged,
)

__all__ = [
    "Client",
    "CompactedError",
    "Compare",
    "Delete",
    "EtcdError",
    "EtcdRefusedError",
    "EtcdUnavailableError",
    "Event",
    "Get",
    "KeyValue",
    "Lease",
    "LeaseGoneError",
    "MemberStatus",
    "Op",
    "OutcomeUnknownError",
    "Page",
    "Put",
    "Span",
    "TxnResult",
    "WatchBatch",
    "absent",
    "connect",
    "unchanged",
]
