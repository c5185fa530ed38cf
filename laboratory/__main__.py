"""``python -m laboratory``: makes the network, plays scenarios inside it, takes everything away again."""

import argparse
import fcntl
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from cluster.layout import REPOSITORY
from kernel.settings import Settings, load
from laboratory import network, results
from laboratory.catalogue import FULL, LONG, QUICK, SCENARIOS
from laboratory.errors import LaboratoryError

SETTINGS = REPOSITORY / "tests" / "laboratory" / "portico.toml"
LOCK = Path("/run/portico-laboratory.lock")
LONGEST_SECONDS = 5400  # the full profile takes an hour: whatever hangs is ended


def main() -> int:
    """Play, list, or render; the exit status is 0 only if everything asked was reached."""
    arguments = _arguments()
    settings = load(arguments.settings)
    try:
        match arguments.verb:
            case "list":
                for scenario in SCENARIOS:
                    print(f"{scenario.name:<20} {scenario.test:<5} {scenario.title}")
                return 0
            case "render":
                results.render(results.newest(results.read(results_file(settings))))
                return 0
            case _:
                return _play(arguments, settings)
    except LaboratoryError as error:
        print(f"portico: {error}", file=sys.stderr)
        return 2


def results_file(settings: Settings) -> Path:
    """Return where results are kept, run after run."""
    return settings.var / "runs" / "results.jsonl"


def _play(arguments: argparse.Namespace, settings: Settings) -> int:
    network.check()
    words = (
        *("unshare", "--mount", *network.inside(network.OUTSIDE)),
        *(sys.executable, "-m", "laboratory.inside", "--settings", str(arguments.settings)),
        *("--profile", arguments.profile, "--seed", str(arguments.seed), "--only", arguments.only),
    )
    with _alone(), network.network(settings):
        # the end of the block kills whatever a signal leaves behind
        signal.signal(signal.SIGTERM, _stop)
        try:
            return subprocess.run(
                words, cwd=REPOSITORY, check=False, timeout=LONGEST_SECONDS
            ).returncode
        except subprocess.TimeoutExpired:
            raise LaboratoryError(
                f"not at an end after {LONGEST_SECONDS // 60} minutes, so everything was ended; "
                f"the tests before this one are in {results_file(settings)}"
            ) from None


@contextmanager
def _alone() -> Iterator[None]:
    """One laboratory at a time on a machine; the kernel lets go of the lock when its holder dies."""
    with LOCK.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LaboratoryError("another laboratory runs on this machine") from None
        yield


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m laboratory", description=__doc__)
    parser.add_argument("verb", nargs="?", choices=("play", "list", "render"), default="play")
    parser.add_argument("--profile", choices=(QUICK, FULL, LONG), default=FULL)
    parser.add_argument("--only", default="", metavar="NAME,NAME", help="some scenarios")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settings", type=Path, default=SETTINGS, metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
