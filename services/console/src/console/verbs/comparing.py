"""``portico compare``: whether the two databases of a pair are equal."""

from typing import Annotated

import typer

from console.control import comparing
from console.control.pairs import all_pairs
from console.verbs.errands import conclude, set_out
from console.verbs.printing import AsJson


def compare(
    pair: Annotated[
        int | None, typer.Argument(metavar="PAIR", help="Its number; default: all pairs.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare all contents of both databases while they are in use."""
    errand = set_out()
    conclude(
        errand,
        "compare",
        lambda: errand.each(
            all_pairs(errand.failover.status()) if pair is None else [errand.pair(pair)],
            lambda found: comparing.compare(errand, found.id),
        ),
        as_json=as_json,
    )
