"""``portico dc``: a datacentre leaves service, comes back, or is given up."""

from typing import Annotated

import typer

from console.control import datacentres
from console.verbs.errands import ENDINGS, Budget, DryRun, conclude, set_out
from console.verbs.printing import AsJson, Datacentre

commands = typer.Typer(help="Datacentres: out of service and back.", no_args_is_help=True)


@commands.command("suspend", epilog=ENDINGS)
def suspend(
    site: Datacentre,
    *,
    switch: Annotated[
        bool, typer.Option(help="First let the other datacentre serve what this one serves.")
    ] = True,
    budget: Budget = "10s",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take a datacentre out of service for planned work."""
    errand = set_out(budget, dry_run=dry_run)
    conclude(
        errand,
        site,
        lambda: datacentres.suspend(errand, site, switches=switch),
        as_json=as_json,
    )


@commands.command("resume", epilog=ENDINGS)
def resume(
    site: Datacentre,
    *,
    home: Annotated[bool, typer.Option(help="At the end, bring its own sides home.")] = True,
    budget: Budget = "10s",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring it back: it catches up, is compared, joins, and serves its own again."""
    errand = set_out(budget, dry_run=dry_run)
    conclude(
        errand,
        site,
        lambda: datacentres.resume(errand, site, goes_home=home),
        as_json=as_json,
    )


@commands.command("force", epilog=ENDINGS)
def force(
    lost: Datacentre,
    *,
    loss: Annotated[
        str, typer.Option(metavar="SENTENCE", help="The loss, word for word; left out, it is told.")
    ] = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take over from a lost datacentre although acknowledged writes get lost."""
    errand = set_out(dry_run=dry_run)
    conclude(errand, lost, lambda: datacentres.force(errand, lost, loss), as_json=as_json)
