"""The JSON of an agent's report: the facts about its database, and the rows of portals being switched."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from failover.portals import Server
from failover.record import Position
from failover.state import Comparison, Database, Fence, Report
from kernel.ids import PortalId

Json = Mapping[str, Any]
_FACTS = frozenset(f.name for f in fields(Database))


@dataclass(frozen=True, slots=True)
class Row:
    """A portal's fence row; ``closed_at``: what was logged when the agent first saw it closed."""

    fence: Fence
    closed_at: Position | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What an agent publishes."""

    report: Report
    portals: Mapping[PortalId, Row] = field(default_factory=dict)
    comparison: Json | None = None
    """How far a comparison of contents is, for people."""
    homes: Mapping[str, int] | None = None
    """How many portals each side had lately, for people."""

    def server(self, portal: PortalId) -> Server | None:
        """Return what the account says of one portal; ``None`` if the database does not answer."""
        own, row = self.report.database, self.portals.get(portal)
        if own is None:
            return None
        if row is None:
            return Server(None, own.applied, own.logged)
        return Server(row.fence, own.applied, row.closed_at or own.logged)


def account_to_json(account: Account) -> dict[str, Any]:
    """Write an account."""
    report = account.report
    return {
        "site": report.site,
        "wall": report.wall,
        "database": None if report.database is None else asdict(report.database),
        "unseen_seconds": dict(report.unseen_seconds),
        "portals": {
            str(portal): {
                "epoch": row.fence.term,
                "is_open": row.fence.is_open,
                "closed_at": row.closed_at,
            }
            for portal, row in account.portals.items()
        },
        "comparison": account.comparison,
        "homes": account.homes,
    }


def account_from_json(json: Json) -> Account:
    """Read an account. Facts that a newer agent adds are passed over."""
    report = Report(
        site=json["site"],
        wall=json["wall"],
        database=_database(json["database"]),
        unseen_seconds=json["unseen_seconds"],
    )
    rows = json.get("portals", {}).items()
    portals = {PortalId(int(portal)): _row(row) for portal, row in rows}
    return Account(report, portals, json.get("comparison"), json.get("homes"))


def _row(json: Json) -> Row:
    return Row(Fence(json["epoch"], json["is_open"]), json.get("closed_at"))


def _database(json: Json | None) -> Database | None:
    if json is None:
        return None
    facts = {name: value for name, value in json.items() if name in _FACTS}
    facts["fences"] = {side: Fence(**fence) for side, fence in json["fences"].items()}
    comparison = json.get("comparison")
    facts["comparison"] = None if comparison is None else Comparison(**comparison)
    return Database(**facts)
