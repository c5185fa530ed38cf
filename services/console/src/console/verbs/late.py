"""``portico late``: what a lost datacentre had committed alone, and what becomes of it."""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from console.control import late
from console.control.late import Selection
from console.verbs.errands import ENDINGS, conclude, set_out
from console.verbs.printing import AsJson, show, show_json

Pair = Annotated[int, typer.Argument(metavar="PAIR", help="The number of the pair.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The number of the change.")]
Portal = Annotated[str | None, typer.Option(metavar="ID", help="Only those of this portal.")]
Which = Annotated[int | None, typer.Argument(metavar="NUMBER", help="One change, by its number.")]
All = Annotated[bool, typer.Option("--all", help="Every one that is not decided.")]

commands = typer.Typer(help="Late changes of a lost datacentre.", no_args_is_help=True)


@commands.command("list")
def list_changes(
    pair: Pair,
    *,
    portal: Portal = None,
    after: Annotated[int, typer.Option(help="Begin after this number.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List what is kept: when, whose, which row, and what became of it."""
    found = late.page(set_out().failover, Selection(pair, portal=portal), after)
    if as_json:
        show_json({"changes": found})
        return
    columns = ("number", "at", "portal", "by user", "kind", "table", "key", "state")
    table = Table(*columns, box=None, header_style="bold")
    for change in found:
        cells = (change[name] for name in ("number", "at", "portal", "actor", "kind", "table"))
        table.add_row(*map(_cell, cells), _cell(change["key"]), change["state"])
    show(table if found else "no late changes")
    if len(found) == late.PAGE:
        show(f"more: portico late list {pair} --after {found[-1]['number']}")


@commands.command("show")
def show_change(pair: Pair, number: Number, *, as_json: AsJson = False) -> None:
    """Show one change: the row before it, after it, and as it is at its owner now."""
    change = late.one(set_out().failover, pair, number)
    if as_json:
        show_json(change)
        return
    show(f"{change['kind']} of {change['table']}, {change['at']}, {change['state']}")
    if change["statement"] is not None:
        show(escape(change["statement"]))
        return
    table = Table("column", "before", "after", "present", box=None, header_style="bold")
    images = [change[name] or {} for name in ("before", "after", "present")]
    for column in dict.fromkeys(name for image in images for name in image):
        table.add_row(column, *(_cell(image.get(column)) for image in images))
    show(table)


@commands.command("apply", epilog=ENDINGS)
def apply(
    pair: Pair,
    number: Which = None,
    *,
    portal: Portal = None,
    everything: All = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Even over rows that were changed since.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write changes at the present owner; one whose row was changed since is left, and named."""
    selection = _selection(pair, number, portal, everything=everything)
    errand = set_out()
    conclude(
        errand,
        f"pair {pair}",
        lambda: [late.decide(errand, selection, "apply", {"overwrite": overwrite})],
        as_json=as_json,
    )


@commands.command("dismiss", epilog=ENDINGS)
def dismiss(
    pair: Pair,
    number: Which = None,
    *,
    portal: Portal = None,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Mark changes as not wanted; they stay on the list."""
    selection = _selection(pair, number, portal, everything=everything)
    errand = set_out()
    conclude(
        errand,
        f"pair {pair}",
        lambda: [late.decide(errand, selection, "dismiss", {})],
        as_json=as_json,
    )


@commands.command("withdraw", epilog=ENDINGS)
def withdraw(pair: Pair, *, as_json: AsJson = False) -> None:
    """Undo them at the returning datacentre, which can rejoin then; they stay kept."""
    errand = set_out()
    conclude(errand, f"pair {pair}", lambda: [late.withdraw(errand, pair)], as_json=as_json)


def _selection(pair: int, number: int | None, portal: str | None, *, everything: bool) -> Selection:
    if (number is not None) + (portal is not None) + everything != 1:
        raise typer.BadParameter("say which: a NUMBER, --portal ID, or --all")
    return Selection(pair, number, portal)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
