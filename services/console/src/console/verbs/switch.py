"""``portico switch``: portals, pairs and datacentres change hands while their users wait a moment."""

from typing import Annotated

import typer

from console import installation
from console.control import switching
from console.errors import ConsoleError
from console.routing import Routing
from console.verbs.errands import ENDINGS, Budget, DryRun, conclude, set_out
from console.verbs.printing import AsJson, Datacentre

Target = Annotated[str, typer.Option("--to", metavar="DC", help="Who shall serve.")]

commands = typer.Typer(help="Let the other datacentre serve.", no_args_is_help=True)


@commands.command("portal", epilog=ENDINGS)
def switch_portal(
    host: Annotated[str, typer.Argument(metavar="HOST|ID", help="First label of its host, or id.")],
    *,
    target: Target,
    budget: Budget = "10s",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give one portal to the other side of its pair."""
    errand = set_out(budget, dry_run=dry_run)
    conclude(
        errand,
        f"portal {host}",
        lambda: [switching.switch_portal(errand, _id_of(host), target)],
        as_json=as_json,
    )


@commands.command("pair", epilog=ENDINGS)
def switch_pair(
    number: Annotated[int, typer.Argument(metavar="PAIR", help="The number of the pair.")],
    *,
    target: Target,
    side: Annotated[
        list[str] | None, typer.Option(metavar="DC", help="Only this side, named by its home.")
    ] = None,
    budget: Budget = "10s",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let one datacentre serve the sides of a pair: both, unless some are named."""
    errand = set_out(budget, dry_run=dry_run)
    conclude(
        errand,
        f"pair {number}",
        lambda: [switching.switch_pair(errand, number, side or (), target)],
        as_json=as_json,
    )


@commands.command("dc", epilog=ENDINGS)
def switch_datacentre(
    source: Datacentre,
    *,
    target: Annotated[
        str | None, typer.Option("--to", metavar="DC", help="Default: the other one of each pair.")
    ] = None,
    budget: Budget = "10s",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Hand over everything that a datacentre serves, pair after pair."""
    errand = set_out(budget, dry_run=dry_run)
    conclude(
        errand,
        source,
        lambda: switching.switch_datacentre(errand, source, target),
        as_json=as_json,
    )


def _id_of(host: str) -> str:
    """Return the portal's id; its routes are known in every datacentre."""
    if host.isdigit():
        return host
    route = Routing(installation.find_anywhere()).find_route(host)
    if route is None:
        raise ConsoleError(f"there is no portal {host!r}: `portico portal list` shows all")
    return str(route["portal"])
