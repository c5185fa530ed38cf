"""How answers are printed, and the options that many verbs share."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Datacentre = Annotated[str, typer.Argument(metavar="DC", help="A datacentre, say dc-a.")]


def show(shown: Any) -> None:
    """Print text or a table."""
    Console(highlight=False, soft_wrap=True).print(shown)


def show_json(value: Any) -> None:
    """Print for scripts."""
    print(json.dumps(value, indent=2))
