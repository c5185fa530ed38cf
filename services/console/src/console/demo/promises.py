"""What was promised, what was measured, and whether it was kept."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise."""

    promise: str
    measured: str
    kept: bool


class Promises:
    """The verdicts of a run, in order."""

    def __init__(self) -> None:
        self._verdicts: list[Verdict] = []

    def __iter__(self) -> Any:
        return iter(self._verdicts)

    @property
    def kept(self) -> bool:
        """Whether every promise was kept, and there was one."""
        return bool(self._verdicts) and all(v.kept for v in self._verdicts)

    def check(self, promise: str, measured: object, *, kept: bool) -> None:
        """Note a verdict."""
        self._verdicts.append(Verdict(promise, str(measured), kept))

    def equal(self, promise: str, measured: object, expected: object) -> None:
        """Note whether something is exactly as promised."""
        self.check(promise, measured, kept=measured == expected)

    def to_json(self) -> dict[str, Any]:
        """Return the documented form of ``portico demo --json``."""
        return {"kept": self.kept, "promises": [asdict(v) for v in self._verdicts]}


def render(verdicts: Sequence[Verdict] | Promises) -> Table:
    """Return the table of a run."""
    table = Table("promise", "measured", "verdict", box=None, header_style="bold", pad_edge=False)
    for verdict in verdicts:
        mark = "[green]kept[/green]" if verdict.kept else "[red]BROKEN[/red]"
        table.add_row(verdict.promise, verdict.measured, mark)
    return table
