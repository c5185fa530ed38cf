"""Comparing the contents of a pair's two databases while they are in use."""

from console.control.errand import Errand, done
from console.control.failover import Json
from console.control.outcome import Outcome
from console.control.pairs import Pair
from console.control.progress import follow, unless_interrupted
from console.errors import StoppedError

DIFFERENCES_SHOWN = 20
COMPARE_SECONDS = 12 * 3600.0


def compare(errand: Errand, number: int) -> Outcome:
    """Begin a comparison and follow it; raises ``StoppedError`` if the contents differ."""
    before = errand.pair(number)
    answer = errand.failover.post(f"/v1/pairs/{number}/compare")
    errand.progress.say(answer["why"])
    with unless_interrupted("the comparison goes on without this command: `portico status --json`"):
        after = follow(
            lambda: errand.pair(number),
            _describe,
            lambda now: _is_new(before, now) and bool(_found(now)["is_done"]),
            errand.progress,
            COMPARE_SECONDS,
        )
    return _conclude(errand, after)


def report(errand: Errand, number: int) -> str:
    """Return which rows differed in the last comparison, a line each: portal, table, key, columns."""
    found = errand.failover.get(f"/v1/pairs/{number}/comparison")
    lines = [
        f"  portal {difference['portal'] or '-'}, {difference['table']}: {difference['problem']}"
        + (f" ({difference['count']})" if difference["count"] else "")
        + "".join(f"\n    {_named(row)}" for row in difference["rows"])
        for difference in found["differences"][:DIFFERENCES_SHOWN]
    ]
    if (more := len(found["differences"]) - DIFFERENCES_SHOWN) > 0:
        lines.append(f"  and {more} more portals and tables")
    return "\n".join(lines)


def _named(row: Json) -> str:
    columns = f": {', '.join(row['columns'])}" if row["columns"] else ""
    return f"{row['kind']} {'/'.join(row['key'])}{columns}"


def _conclude(errand: Errand, pair: Pair) -> Outcome:
    found = _found(pair)
    compared = f"{found['rows']} rows of {found['tables']} tables in {found['seconds']:.1f} s"
    if found["is_equal"]:
        return done(pair.name, f"both databases are equal: {compared}")
    raise StoppedError(
        f"{found['differing_rows']} rows in {found['differing_tables']} tables differ, of {compared}\n"
        + report(errand, pair.id)
    )


def _is_new(before: Pair, now: Pair) -> bool:
    """Tell whether the comparison shown is another than before."""
    if now.comparison is None:
        return False
    return before.comparison is None or (
        now.comparison["began_at"] != before.comparison["began_at"]
    )


def _found(pair: Pair) -> Json:
    return pair.comparison or {}


def _describe(pair: Pair) -> str:
    return str(_found(pair).get("progress") or "the comparison begins")
