"""Pytest plugin: which tests run side by side when processes share the work (``pytest -n 2``).

Whatever needs servers stays in one process, in order: there is one cluster under test, and servers of many
tests at once would only be slow together. What needs none runs beside it, file by file.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

BESIDE = (
    *("libs/kernel/", "libs/telemetry/", "libs/testkit/", "libs/web/", "tests/architecture/"),
    *(
        f"services/failover/tests/test_{name}.py"
        for name in ("decide", "interrupted", "mutations", "portals", "problems", "simulation")
    ),
    *(f"services/console/tests/test_{name}.py" for name in ("datacentre", "doctor", "switch")),
    *(
        f"services/portal/src/portal/modules/crm/tests/test_{name}.py"
        for name in ("domain", "entries")
    ),
    *(
        f"services/portal/tests/rest/test_{name}.py"
        for name in (
            *(
                "batch",
                "contract_shapes",
                "crm_lead_forms",
                "crm_short_lists",
                "dispatch",
                "fields",
            ),
            *("filters", "fuzz", "method", "people_fields", "references", "wire"),
        )
    ),
)
ON_CLUSTER = "cluster"
BESIDE_NICENESS = 10
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let tests with servers, and with deadlines, go first."""
    if "PYTEST_XDIST_WORKER" in os.environ and group(item.nodeid) != ON_CLUSTER:
        os.setpriority(os.PRIO_PROCESS, 0, BESIDE_NICENESS)


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
