"""Records for tests."""

from kernel.ids import PairId, PortalId
from routes import PairRecord, PortalRecord, RouteTable

BOTH = {"dc-a": "dc-a", "dc-b": "dc-b"}
TAKEN_OVER = {"dc-a": "dc-b", "dc-b": "dc-b"}


def portal(
    number: int,
    host: str = "",
    *,
    revision: int = 1,
    home: str = "dc-a",
    epoch: int = 1,
    state: str = "active",
) -> PortalRecord:
    return PortalRecord(
        PortalId(number), host or f"h{number}", PairId(1), home, epoch, state, revision
    )


def pair(
    term: int = 1,
    serving: dict[str, str] | None = None,
    *,
    revision: int = 1,
    moving: tuple[str, ...] = (),
) -> PairRecord:
    return PairRecord(PairId(1), "SYNC", None, term, serving or BOTH, revision, moving)


def table(*numbers: int, revision: int = 10, history: str = "a history") -> RouteTable:
    made = RouteTable(history)
    made.put_pair(pair())
    for number in numbers:
        made.put_portal(portal(number, revision=number))
    made.advance(revision)
    return made
