"""``portico webhook``: secret addresses by which programs call a portal."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from console import installation
from console.verbs.printing import AsJson, show, show_json
from console.webhooks import Webhooks

Portal = Annotated[
    str, typer.Option(metavar="HOST", help="The portal: its host name, or the first label of it.")
]

commands = typer.Typer(
    help="Webhooks: secret addresses by which programs call a portal.", no_args_is_help=True
)


@commands.command("create")
def create(
    *,
    portal: Portal,
    user: Annotated[int, typer.Option(metavar="ID", min=1, help="As whom it acts.")],
    scopes: Annotated[
        str, typer.Option(metavar="LIST", help="What it may be used for, say crm,task,user.")
    ],
    title: Annotated[str, typer.Option(help="What it is for.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a webhook and print its address; nobody can show it again."""
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    if not wanted:
        raise typer.BadParameter("name at least one scope, say crm", param_hint="--scopes")
    made = Webhooks(installation.find(), portal).make(user, title, wanted)
    if as_json:
        show_json(made)
        return
    print(f"webhook {made['id']} of user {made['user_id']}: {' '.join(made['scopes'])}")
    print(made["url"])
    print(made["http_url"])


@commands.command("list")
def list_webhooks(*, portal: Portal, as_json: AsJson = False) -> None:
    """List the webhooks of a portal that are not revoked."""
    found = list(Webhooks(installation.find(), portal).all())
    if as_json:
        show_json({"webhooks": found})
        return
    table = Table("id", "user", "scopes", "title", "used", box=None, header_style="bold")
    for row in found:
        cells = (row["id"], row["user_id"], " ".join(row["scopes"]), escape(row["title"]) or "-")
        table.add_row(*map(str, cells), row["last_used_at"] or "never")
    show(table if found else "no webhooks")


@commands.command("revoke")
def revoke(
    webhook: Annotated[int, typer.Argument(metavar="ID", min=1, help="Its number.")],
    *,
    portal: Portal,
    as_json: AsJson = False,
) -> None:
    """Revoke a webhook: within five seconds its address opens nothing."""
    Webhooks(installation.find(), portal).revoke(webhook)
    if as_json:
        show_json({"revoked": webhook})
    else:
        print(f"webhook {webhook} is revoked")
