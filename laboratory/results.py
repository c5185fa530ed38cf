"""What the scenarios measured, kept as JSON lines, and the table of docs/failover.md made from it."""

import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cluster.layout import REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "failover.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was measured, beside what was asked; ``is_kept`` is ``None`` if nothing was.

    ``is_of_time``: a busy machine may miss it, which tells nothing of the product.
    """

    what: str
    measured: str
    asked: str = ""
    is_kept: bool | None = None
    is_of_time: bool = False


@dataclass(slots=True)
class Result:
    """What came of one scenario."""

    test: str
    """Its number in the table of tests."""
    scenario: str
    title: str
    profile: str
    seed: int
    started_at: str
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    findings: dict[str, list[str]] = field(default_factory=dict)
    histories: list[str] = field(default_factory=list)
    error: str = ""
    machine: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether everything that was asked was reached."""
        return not self.error and all(row.is_kept is not False for row in self.rows)


def append(path: Path, result: Result) -> None:
    """Keep a result."""
    result.machine = f"{platform.system()} {platform.release()}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")


def read(path: Path) -> list[Result]:
    """Return all results of a file, oldest first."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [_result(json.loads(line)) for line in lines]


def newest(results: Iterable[Result]) -> list[Result]:
    """Return of each scenario the last result, in the order of the tests."""
    last = {result.scenario: result for result in results}
    return sorted(last.values(), key=lambda r: (int(r.test.split()[0]), r.test))


def table(results: Sequence[Result]) -> str:
    """Return the table as Markdown."""
    lines = ["| Test | Measured | Result | Asked | |", "|---|---|---|---|---|"]
    for result in results:
        head = f"{result.test}. {result.title}"
        for row in result.rows or [Row(result.error or "nothing", "", "", is_kept=False)]:
            kept = {None: "", True: "kept", False: "**missed**"}[row.is_kept]
            lines.append(f"| {head} | {row.what} | {row.measured} | {row.asked} | {kept} |")
            head = ""
    return "\n".join(lines)


def render(results: Sequence[Result], document: Path = DOCUMENT) -> None:
    """Put the table between its two marks in the document."""
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n\n{table(results)}\n\n{END}{after}", encoding="utf-8")


def show(result: Result) -> None:
    """Print a result for the person at the terminal."""
    print(f"\n{result.test}. {result.title}  ({result.seconds:.0f} s, seed {result.seed})")
    for row in result.rows:
        kept = {None: "", True: "kept", False: "MISSED"}[row.is_kept]
        print(f"  {row.what:<52} {row.measured:<46} {row.asked:<22} {kept}")
    for kind, examples in result.findings.items():
        for example in examples[:5]:
            print(f"  {kind}: {example}")
    if result.error:
        print(f"  BROKEN OFF: {result.error}")


def _result(line: dict[str, object]) -> Result:
    rows = line.pop("rows")
    assert isinstance(rows, list)  # noqa: S101  # we wrote it
    return Result(**{**line, "rows": [Row(**row) for row in rows]})  # type: ignore[arg-type]  # as written
