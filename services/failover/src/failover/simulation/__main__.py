"""``python -m failover.simulation SEED``: tell the story of one interleaving."""

import sys

from failover.simulation import fate
from failover.simulation.checker import PromiseBrokenError


def main() -> int:
    """Print what everybody decided, and how it ended."""
    trace: list[str] = []
    try:
        fate.run(int(sys.argv[1]), trace=trace)
    except PromiseBrokenError as error:
        trace.append(f"BROKEN: {error}")
    sys.stdout.write("\n".join(trace) + "\n")
    return int(trace[-1].startswith("BROKEN"))


if __name__ == "__main__":
    sys.exit(main())
