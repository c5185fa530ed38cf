"""The JSON of an agent's report: the facts about its database."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from failover.state import Comparison, Database, Fence, Report

Json = Mapping[str, Any]
_FACTS = frozenset(f.name for f in fields(Database))


@dataclass(frozen=True, slots=True)
class Account:
    """What an agent publishes."""

    report: Report
    comparison: Json | None = None
    """How far a comparison of contents is, for people."""
    homes: Mapping[str, int] | None = None
    """How many portals each side had lately, for people."""


def account_to_json(account: Account) -> dict[str, Any]:
    """Write an account."""
    report = account.report
    return {
        "site": report.site,
        "wall": report.wall,
        "database": None if report.database is None else asdict(report.database),
        "unseen_seconds": dict(report.unseen_seconds),
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
    return Account(report, json.get("comparison"), json.get("homes"))


def _database(json: Json | None) -> Database | None:
    if json is None:
        return None
    facts = {name: value for name, value in json.items() if name in _FACTS}
    facts["fences"] = {side: Fence(**fence) for side, fence in json["fences"].items()}
    comparison = json.get("comparison")
    facts["comparison"] = None if comparison is None else Comparison(**comparison)
    return Database(**facts)
