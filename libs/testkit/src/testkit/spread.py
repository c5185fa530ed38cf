"""Pytest plugin: which tests run side by side when processes share the work (``pytest -n 2``).

Whatever uses the cluster under test or loads the machine stays in one process, in order. Beside it run the
tests that start small servers of their own, folder by folder, and those that need none, file by file.
"""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling


def _of(folder: str, *names: str) -> Iterable[str]:
    return (f"{folder}/test_{name}.py" for name in names)


MODULES = "services/portal/src/portal/modules"
WITHOUT_SERVERS = (
    *("libs/kernel/", "libs/telemetry/", "libs/testkit/", "libs/web/", "tests/architecture/"),
    *_of("services/failover/tests", "decide", "interrupted", "mutations", "portals", "problems"),
    *_of("services/failover/tests", "alerts", "refusals", "simulation", "wire"),
    *_of(
        "services/console/tests", "datacentre", "doctor", "overview", "switch", "without_a_cluster"
    ),
    *_of(f"{MODULES}/crm/tests", "domain", "entries"),
    *_of(
        "services/portal/tests/rest",
        *("batch", "contract_shapes", "crm_lead_forms", "crm_short_lists", "dispatch", "fields"),
        *("filters", "fuzz", "method", "people_fields", "references", "wire"),
    ),
)
WITH_THEIR_OWN = (  # but for those under load: they and the tests on the cluster would disturb each other
    *("libs/blobs/", "libs/etcd/", "libs/routes/", "services/failover/", "services/routing/"),
    "deploy/cluster/tests/",
    *_of("tests/e2e", "ids"),
)
BESIDE = (WITHOUT_SERVERS, WITH_THEIR_OWN)
"""In this order: what has no deadlines runs while a hundred thousand rows are imported."""
ON_CLUSTER = "cluster"
BESIDE_NICENESS = 5
CLUSTER_FIXTURE = "settings"


def group(nodeid: str) -> str:
    """Return what a test stays together with: its file, its folder, or everything on the cluster."""
    file = nodeid.partition("::")[0]
    if turn(nodeid) == 0:
        return ON_CLUSTER
    return file if file.startswith(WITHOUT_SERVERS) else file.rpartition("/")[0]


def turn(nodeid: str) -> int:
    """Return when a test's group is given out: the longest first."""
    places = (place for place, files in enumerate(BESIDE, 1) if nodeid.startswith(files))
    return next(places, 0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test that uses the cluster from beside; order what processes share."""
    for item in items:
        uses_cluster = CLUSTER_FIXTURE in getattr(item, "fixturenames", ())
        if uses_cluster and group(item.nodeid) != ON_CLUSTER:
            raise pytest.UsageError(f"{item.nodeid} uses the cluster: see testkit.spread")
    if _shares_work():
        items.sort(key=lambda item: turn(item.nodeid))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the tests on the cluster, of which there are most, go first."""
    if _shares_work() and group(item.nodeid) != ON_CLUSTER:
        os.setpriority(os.PRIO_PROCESS, 0, BESIDE_NICENESS)


def _shares_work() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


@pytest.hookimpl(optionalhook=True)  # xdist's
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Callable[..., None]
) -> "LoadScopeScheduling":
    """Let xdist give out whole groups."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415  # a second for each run without

    class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist comes without types
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    config.option.loadscopereorder = False  # not the group of the most tests first
    return GroupScheduling(config, log)
