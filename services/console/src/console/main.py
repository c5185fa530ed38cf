"""The verbs of ``portico``; each can answer in JSON."""

import asyncio
import sys
from typing import Annotated

import typer
from rich.table import Table

from console import doctor, installation, status
from console.demo.play import play
from console.demo.promises import render
from console.errors import ConsoleError
from console.routing import Routing
from console.verbs import comparing, datacentre, late, switch, webhook
from console.verbs.errands import ENDINGS
from console.verbs.printing import AsJson, show, show_json

commands = typer.Typer(
    help="Look at a Portico installation and run it.", no_args_is_help=True, add_completion=False
)
portal = typer.Typer(help="Portals: the companies' own.", no_args_is_help=True)
commands.add_typer(portal, name="portal")
commands.add_typer(switch.commands, name="switch")
commands.add_typer(datacentre.commands, name="dc")
commands.add_typer(late.commands, name="late")
commands.add_typer(webhook.commands, name="webhook")
commands.command("compare", epilog=ENDINGS)(comparing.compare)


def app() -> None:
    """Run one verb; what goes wrong is told in one sentence."""
    try:
        commands()
    except ConsoleError as error:
        print(f"portico: {error}", file=sys.stderr)
        sys.exit(error.ending)


@commands.command("status")
def show_status(
    *,
    all_processes: Annotated[
        bool, typer.Option("--processes", help="List the healthy processes, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show datacentres, pairs, problems, the last decisions, and what is not healthy."""
    found = status.read(installation.find())
    if as_json:
        show_json(found.to_json())
    else:
        show(status.render(found, lists_processes=all_processes))


@commands.command("doctor")
def examine(*, as_json: AsJson = False) -> None:
    """Say what is wrong and what to do; ends with 1 if anything is."""
    findings = doctor.examine(installation.find())
    if as_json:
        show_json({"findings": [{"wrong": f.wrong, "remedy": f.remedy} for f in findings]})
    else:
        for finding in findings:
            print(f"- {finding.wrong}.\n  {finding.remedy}.")
        if not findings:
            print("Everything is well.")
    raise typer.Exit(1 if findings else 0)


@commands.command("demo")
def play_demo(*, as_json: AsJson = False) -> None:
    """Let two companies work while parts are killed; ends with 1 if a promise is broken."""
    promises = asyncio.run(play(installation.find()))
    if as_json:
        show_json(promises.to_json())
    else:
        show(render(promises))
    raise typer.Exit(0 if promises.kept else 1)


@portal.command("list")
def list_portals(*, as_json: AsJson = False) -> None:
    """List all portals."""
    portals = list(Routing(installation.find()).portals())
    if as_json:
        show_json({"portals": portals})
        return
    columns = ("host", "portal", "pair", "home", "owner", "state")
    table = Table(*columns, box=None, header_style="bold")
    for row in portals:
        table.add_row(*(str(row[column]) for column in columns))
    show(table)


@portal.command("show")
def show_portal(
    host: Annotated[str, typer.Argument(help="Its host name's first label, or its id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one portal."""
    found = Routing(installation.find()).get_portal(host)
    if as_json:
        show_json(found)
        return
    table = Table(box=None, show_header=False)
    for name, value in found.items():
        table.add_row(name, str(value))
    show(table)
