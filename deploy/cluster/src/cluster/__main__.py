"""The command line: ``python -m cluster up | down | hosts``."""

import argparse
import signal
import sys
from pathlib import Path

from cluster import hosts
from cluster.down import down
from cluster.errors import ClusterError
from cluster.layout import TOPOLOGIES, Layout
from cluster.up import up
from kernel import settings


def main() -> int:
    """Run one verb; a failure is told in words, not as a traceback."""
    arguments = _arguments()
    # a second thought may come at any moment: the next `up` or `down` deals with what is half done
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    chosen = arguments.settings or TOPOLOGIES[arguments.topology or "full"]
    try:
        match arguments.verb:
            case "up":
                up(_layout(chosen, fast=arguments.fast))
            case "down":
                named = arguments.settings or arguments.topology
                down([_layout(file) for file in ([chosen] if named else TOPOLOGIES.values())])
            case _:
                print("\n".join(hosts.add(_layout(chosen), arguments.names)))
    except ClusterError as error:
        print(f"portico: {error}", file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cluster", description=__doc__)
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--topology", choices=sorted(TOPOLOGIES), help="one of ours (default: full)")
    which.add_argument("--settings", type=Path, metavar="FILE", help="or any settings file")
    verbs = parser.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("up", parents=[which], help="start it and wait until it serves")
    start.add_argument("--fast", action="store_true", help="for tests: no fsync in the databases")
    verbs.add_parser("down", parents=[which], help="end exactly what was started")
    names = verbs.add_parser("hosts", parents=[which], help="add portals to the hosts file")
    names.add_argument("names", nargs="*", metavar="NAME")
    return parser.parse_args()


def _layout(file: Path, *, fast: bool = False) -> Layout:
    return Layout(settings.load(file), file.resolve(), fast=fast)


if __name__ == "__main__":
    sys.exit(main())
