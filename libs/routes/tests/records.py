"""Records for tests."""

from kernel.ids import PairId, PortalId
from routes import PairRecord, PortalRecord

BOTH = {"dc-a": "dc-a", "dc-b": "dc-b"}
TAKEN_OVER = {"dc-a": "dc-b", "dc-b": "dc-b"}


def portal(
    number: int, host: str = "", *, revision: int = 1, home: str = "dc-a", epoch: int = 1
) -> PortalRecord:
    return PortalRecord(
        PortalId(number), host or f"h{number}", PairId(1), home, epoch, "active", revision
    )


def pair(term: int = 1, serving: dict[str, str] | None = None, *, revision: int = 1) -> PairRecord:
    return PairRecord(PairId(1), "SYNC", None, term, serving or BOTH, revision)
