"""Which rows of docs/features.csv a test that ran and passed shows to work: ``make features``.

Scenarios of the laboratory (``make failover-test``) count, too: some rows take longer than tests may.
"""

import argparse
import csv
import fcntl
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[4]
SPECIFICATION = Path("docs/features.csv")  # both relative to the root of the repository
EVIDENCE = Path("var/features.json")
LABORATORY = "laboratory: "  # its scenarios are no tests of pytest, which does not speak for them


def main(argv: Sequence[str] | None = None, root: Path = ROOT) -> None:
    """Print per area and in total how many rows are shown, and which."""
    parser = argparse.ArgumentParser(prog="python -m testkit.features", description=__doc__)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--missing", action="store_true", help="list the rows that no test shows")
    form.add_argument(
        "--json", action="store_true", help="one JSON document, tests of each row too"
    )
    options = parser.parse_args(argv)
    rows, evidence = read_rows(root / SPECIFICATION), read_evidence(root / EVIDENCE)
    if options.json:
        lines = [json.dumps(_document(rows, evidence), ensure_ascii=False, indent=2)]
    elif options.missing:
        lines = [f"{row.id:<9} {row.statement}" for row in rows if row.id not in evidence.shown()]
    else:
        lines = list(_table(rows, evidence))
    sys.stdout.write("\n".join([*lines, ""]))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the specification: what must hold (``statement``) and what shows it (``check``)."""

    id: str
    area: str
    statement: str
    check: str


@dataclass(frozen=True, slots=True)
class Result:
    """How the last run of one marked test ended, and the ids of the rows it is about."""

    passed: bool
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the runs so far showed: results by node id, and when all tests ran last (ISO 8601)."""

    tests: Mapping[str, Result] = field(default_factory=dict)
    full_run_at: str | None = None

    def shown(self) -> dict[str, list[str]]:
        """Return the node ids by shown row; one failed test of a row un-shows it."""
        tests_of: dict[str, list[str]] = {}
        for test, result in self.tests.items():
            for row in result.rows:
                tests_of.setdefault(row, []).append(test)
        return {
            row: sorted(tests)
            for row, tests in tests_of.items()
            if all(self.tests[test].passed for test in tests)
        }

    def after_full_run(self, results: Mapping[str, Result], at: str) -> "Evidence":
        """Forget what older runs of tests showed: one that no longer exists shows nothing."""
        played = {test: r for test, r in self.tests.items() if test.startswith(LABORATORY)}
        return Evidence({**played, **results}, at)

    def after_partial_run(self, results: Mapping[str, Result], skipped: set[str]) -> "Evidence":
        """Replace the results of the tests that ran; a skipped one shows nothing any more."""
        kept = {test: result for test, result in self.tests.items() if test not in skipped}
        return Evidence({**kept, **results}, self.full_run_at)


def read_rows(path: Path) -> list[Row]:
    """Read the specification."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def read_evidence(path: Path) -> Evidence:
    """Read what earlier runs showed; no file means that there was none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Evidence()
    tests = {test: Result(r["passed"], tuple(r["rows"])) for test, r in document["tests"].items()}
    return Evidence(tests, document["full_run_at"])


def update_evidence(path: Path, change: Callable[[Evidence], Evidence]) -> None:
    """Read, change and write: alone (two runs may end at once), and whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        evidence = change(read_evidence(path))
        tests = {t: {"passed": r.passed, "rows": r.rows} for t, r in evidence.tests.items()}
        document = {"full_run_at": evidence.full_run_at, "tests": tests}
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
        draft.replace(path)


def note_scenario(name: str, result: Result, root: Path = ROOT) -> None:
    """Keep what a scenario of the laboratory showed."""
    played = {LABORATORY + name: result}
    update_evidence(root / EVIDENCE, lambda old: old.after_partial_run(played, set()))


def _table(rows: Sequence[Row], evidence: Evidence) -> Iterator[str]:
    shown = evidence.shown()
    for area, ids in _ids_by_area(rows).items():
        have = [row for row in ids if row in shown]
        count = f"{area:<6} {len(have):>3} of {len(ids):>3}  "
        yield (
            textwrap.fill(" ".join(have), 100, initial_indent=count, subsequent_indent=" " * 19)
            or count.rstrip()
        )
    yield f"{'all':<6} {sum(row.id in shown for row in rows):>3} of {len(rows):>3}"
    yield f"Last run of all tests: {evidence.full_run_at or 'none yet (make test)'}."


def _document(rows: Sequence[Row], evidence: Evidence) -> dict[str, Any]:
    shown = evidence.shown()
    return {
        "full_run_at": evidence.full_run_at,
        "total": len(rows),
        "shown": sum(row.id in shown for row in rows),
        "areas": {
            area: {"total": len(ids), "shown": sum(row in shown for row in ids)}
            for area, ids in _ids_by_area(rows).items()
        },
        "tests": {row.id: shown[row.id] for row in rows if row.id in shown},
        "missing": [row.id for row in rows if row.id not in shown],
    }


def _ids_by_area(rows: Sequence[Row]) -> dict[str, list[str]]:
    areas: dict[str, list[str]] = {}
    for row in rows:
        areas.setdefault(row.area, []).append(row.id)
    return areas


if __name__ == "__main__":
    main()
