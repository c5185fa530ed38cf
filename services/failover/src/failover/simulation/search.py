"""Many fates on all cores."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from failover.simulation import fate
from failover.simulation.checker import PromiseBrokenError

SHARD = 2_500


def find_broken(seeds: range) -> Iterator[str]:
    """Yield what broke a promise, at most one story of each shard of seeds."""
    # spawned, not forked: threads of the caller do not survive a fork
    spawn = multiprocessing.get_context("spawn")
    shards = [seeds[first : first + SHARD] for first in range(0, len(seeds), SHARD)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
        yield from (story for story in pool.map(find_first, shards) if story is not None)


def find_first(seeds: range) -> str | None:
    """Return the first seed that breaks a promise, and how to see it again."""
    for seed in seeds:
        try:
            fate.run(seed)
        except PromiseBrokenError as error:
            return f"seed {seed}: {error} (python -m failover.simulation {seed})"
    return None
