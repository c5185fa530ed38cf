"""The command line: ``python -m cluster up | down | hosts | certificate``."""

import argparse
import signal
import sys
from pathlib import Path

from cluster import certificate, hosts, lock
from cluster.down import down
from cluster.errors import ClusterError
from cluster.layout import TOPOLOGIES, Layout
from cluster.progress import Progress
from cluster.supervisor import Supervisor
from cluster.up import up
from kernel import settings


def main() -> int:
    """Run one verb; a failure is told in words, not as a traceback."""
    arguments = _arguments()
    # a second thought may come at any moment: the next `up` or `down` deals with what is half done
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        _run(arguments)
    except ClusterError as error:
        print(f"portico: {error}", file=sys.stderr)
        return 1
    return 0


def _run(arguments: argparse.Namespace) -> None:
    named = arguments.settings or arguments.topology
    chosen = arguments.settings or TOPOLOGIES[arguments.topology or "full"]
    match arguments.verb:
        case "up":
            up(_layout(chosen, fast=arguments.fast))
        case "down":
            down([_layout(file) for file in ([chosen] if named else TOPOLOGIES.values())])
        case "certificate":
            _certify(_layout(chosen) if named else _running(), arguments)
        case _:
            print("\n".join(hosts.add(_layout(chosen), arguments.names)))


def _certify(layout: Layout, arguments: argparse.Namespace) -> None:
    """Replace or renew the front door's certificate if that is wanted, then show what there is."""
    with lock.exclusive(layout, Progress()):
        if arguments.file:
            certificate.replace(layout, _read(arguments.file))
        elif arguments.renew:
            certificate.renew(layout)
        print(certificate.describe(layout))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cluster", description=__doc__)
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--topology", choices=sorted(TOPOLOGIES), help="one of ours (default: full)")
    which.add_argument("--settings", type=Path, metavar="FILE", help="or any settings file")
    verbs = parser.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("up", parents=[which], help="start it and wait until it serves")
    start.add_argument("--fast", action="store_true", help="for tests: no fsync in the databases")
    verbs.add_parser("down", parents=[which], help="end exactly what was started")
    served = verbs.add_parser("certificate", parents=[which], help="show the front door's")
    changes = served.add_mutually_exclusive_group()
    changes.add_argument("--file", type=Path, metavar="PEM", help="serve this from now on")
    changes.add_argument("--renew", action="store_true", help="serve a new one of our own")
    names = verbs.add_parser("hosts", parents=[which], help="add portals to the hosts file")
    names.add_argument("names", nargs="*", metavar="NAME")
    return parser.parse_args()


def _running() -> Layout:
    """Return the topology of ours that runs, the full one if none does."""
    layouts = [_layout(TOPOLOGIES[name]) for name in ("full", "box")]
    return next((layout for layout in layouts if Supervisor(layout).is_alive()), layouts[0])


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ClusterError(f"{file} cannot be read: {error.strerror}") from error


def _layout(file: Path, *, fast: bool = False) -> Layout:
    return Layout(settings.load(file), file.resolve(), fast=fast)


if __name__ == "__main__":
    sys.exit(main())
