"""From the words of a verb to an errand, and from its outcomes to the last lines and the exit code."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from console import installation
from console.control.errand import Errand
from console.control.failover import Failover
from console.control.outcome import Outcome, worst
from console.control.progress import Progress
from console.errors import ConsoleError
from console.verbs.printing import show_json

ENDINGS = (
    "Exit codes: 0 done, or so already; 1 nobody answers; 3 refused, nothing was changed; "
    "4 taken back, all is as before; 5 not finished, it goes on without this command; "
    "6 stopped until somebody decides."
)
LONGEST_BUDGET_SECONDS = 60.0

Budget = Annotated[
    str, typer.Option(metavar="TIME", help="A switch that takes longer is taken back.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only ask whether it would be admitted.")]


def set_out(budget: str = "10s", *, dry_run: bool = False) -> Errand:
    """Begin an errand with the installation that is meant."""
    budget_seconds = seconds(budget)
    failover = Failover(installation.find_anywhere())
    return Errand(failover, Progress(), budget_seconds, dry_run)


def conclude(
    errand: Errand, subject: str, verb: Callable[[], Sequence[Outcome]], *, as_json: bool
) -> None:
    """Do it, print a last line each, and end with the exit code of the first that was not done."""
    try:
        outcomes = verb()
    except ConsoleError as error:
        outcomes = [Outcome(subject, error.ending, str(error))]
    errand.progress.close()
    if as_json:
        show_json({"outcomes": [outcome.to_json() for outcome in outcomes]})
    else:
        for outcome in outcomes:
            print(outcome)
    raise typer.Exit(worst(outcomes))


def seconds(budget: str) -> float:
    """Read ``10s``, ``500ms`` or ``10``."""
    text = budget.strip().lower()
    unit = next((unit for unit in ("ms", "s") if text.endswith(unit)), "")
    try:
        number = float(text.removesuffix(unit)) / (1000 if unit == "ms" else 1)
    except ValueError:
        number = 0.0
    if not 0 < number <= LONGEST_BUDGET_SECONDS:
        raise typer.BadParameter(f"{budget!r} is no time between 0 and 60 s; say 10s or 500ms")
    return number
