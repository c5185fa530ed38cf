"""Pytest plugin: which tests run side by side when processes share the work (``pytest -n 2``).

Whatever works on the one cluster under test, or times many processes of its own, stays in one process, in
order. Tests that bring their own servers, or need none, run beside it, file by file.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

BESIDE = (
    *("libs/blobs/", "libs/etcd/", "libs/kernel/", "libs/routes/", "libs/telemetry/"),
    *("libs/testkit/", "libs/web/", "services/failover/", "services/routing/", "deploy/"),
    *("services/portal/tests/test_holding.py", "tests/architecture/"),
)
ON_CLUSTER = "cluster"
CLUSTER_FIXTURE = "settings"


def group(nodeid: str) -> str:
    """Return what a test stays together with: its file, or everything on the cluster."""
    file = nodeid.partition("::")[0]
    return file if file.startswith(BESIDE) else ON_CLUSTER


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test that uses the cluster from beside."""
    for item in items:
        uses_cluster = CLUSTER_FIXTURE in getattr(item, "fixturenames", ())
        if uses_cluster and group(item.nodeid) != ON_CLUSTER:
            raise pytest.UsageError(f"{item.nodeid} uses the cluster: see testkit.spread.BESIDE")


@pytest.hookimpl(optionalhook=True)  # xdist's
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Callable[..., None]
) -> "LoadScopeScheduling":
    """Let xdist give out whole groups."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415  # a second for each run without

    class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist comes without types
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    return GroupScheduling(config, log)
