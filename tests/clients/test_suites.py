"""The clients' own tests that need a server, as their authors wrote them, against ours.

A table beside this file names each one that does not pass, with why; a test that comes to pass must leave it.
"""

import asyncio
import os
import shutil
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from kernel.settings import Settings
from testkit.portals import SignUp

from .conftest import Report
from .connection import Connection, connect
from .driver import HERE, PYTHON, environment
from .scale import only_in_full

pytestmark = [pytest.mark.cluster, only_in_full, pytest.mark.timeout(1800)]
TABLES = HERE / "suites"
FAST_BITRIX24 = HERE.parents[1] / ".tools" / "suites" / "fast_bitrix24-1.8.14"
# its source package has no tests: a checkout of version 1.3.2 is needed, and the variable names it
B24PYSDK = Path(os.environ.get("B24PYSDK_CHECKOUT", "/nowhere"))
B24PYSDK_TESTS = [
    *(f"tests/integration/scopes/{folder}" for folder in ("app", "user")),
    *(f"tests/integration/scopes/crm/{folder}" for folder in ("enum", "lead", "status")),
    *(
        f"tests/integration/scopes/test_{name}.py"
        for name in ("access", "method", "profile", "scope", "server")
    ),
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which tests passed, which did not, which did not run."""

    passed: Sequence[str]
    failed: Sequence[str]
    skipped: Sequence[str]

    def told(self) -> str:
        return f"{len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


async def run(
    settings: Settings,
    suite: Path,
    words: Sequence[str],
    more: Mapping[str, str],
    result: Path,
) -> Outcome:
    """Run tests of a suite in the clients' environment."""
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        *("-m", "pytest", "-q", f"--junitxml={result}"),
        *words,
        cwd=suite,
        env={**environment(settings), **more},
    )
    await process.wait()
    cases = ET.parse(result).iter("testcase")  # noqa: S314  # written by our own pytest
    outcomes: dict[str, list[str]] = {"passed": [], "failed": [], "skipped": []}
    for case in cases:
        name = f"{case.get('classname')}::{case.get('name')}"
        kinds = {child.tag for child in case}
        bad, left = kinds & {"failure", "error"}, kinds & {"skipped"}
        outcomes["failed" if bad else "skipped" if left else "passed"].append(name)
    return Outcome(**outcomes)


def compare(outcome: Outcome, name: str) -> None:
    """Check that exactly those fail of which a table says why, but for what fails now and then."""
    reasons: dict[str, str] = tomllib.loads((TABLES / f"{name}.toml").read_text("utf-8"))
    steady = {test for test, why in reasons.items() if not why.startswith("now and then")}
    assert set(outcome.failed) - set(reasons) == set(), "these have no reason to fail"
    assert steady - set(outcome.failed) == set(), "these have come to pass"


async def test_those_of_fast_bitrix24(
    settings: Settings, new_portal: SignUp, report: Report, tmp_path: Path
) -> None:
    connection = await connect(settings, new_portal, unlimited=True)
    more = {
        "FAST_BITRIX24_TEST_WEBHOOK": connection.http_url,
        "PYTHONPATH": f"{HERE / 'names'}:{TABLES}:{FAST_BITRIX24}",
    }
    words = [
        # it has no settings for pytest, and ours are not meant for it
        *("-c", os.devnull, f"--rootdir={FAST_BITRIX24}", "-o", "asyncio_mode=auto"),
        *("-p", "no:cacheprovider"),
        *(
            "-p",
            "fast_bitrix24_fixtures",
            "tests/test_sync.py::TestsWithLiveServer",
            "tests/test_async.py",
        ),
    ]

    outcome = await run(settings, FAST_BITRIX24, words, more, tmp_path / "outcome.xml")

    report(f"fast-bitrix24's own tests with a server: {outcome.told()}")
    compare(outcome, "fast_bitrix24")


@pytest.mark.skipif(not B24PYSDK.exists(), reason="B24PYSDK_CHECKOUT names no checkout of it")
async def test_those_of_b24pysdk(
    settings: Settings, new_portal: SignUp, report: Report, tmp_path: Path
) -> None:
    connection = await connect(settings, new_portal, unlimited=True)
    suite = tmp_path / "suite"
    # without the library beside them: the one from PyPI is meant
    shutil.copytree(B24PYSDK / "tests", suite / "tests")
    shutil.copy(B24PYSDK / "pytest.ini", suite)
    (suite / "tests" / "constants_local.py").write_text(await constants(connection), "utf-8")
    more = {
        "B24_DOMAIN": connection.portal.host,  # these tests allow no port: see names/sitecustomize.py
        "B24_WEBHOOK": connection.token,
        "B24_PREFER_AUTH_TYPE": "webhook",
    }

    outcome = await run(settings, suite, B24PYSDK_TESTS, more, tmp_path / "outcome.xml")

    report(f"b24pysdk's own tests for leads, users and core: {outcome.told()}")
    compare(outcome, "b24pysdk")


async def constants(connection: Connection) -> str:
    """Return what its tests want to know of the portal."""
    made = await connection.portal.client.post("/api/v1/departments", json={"name": "Head"})
    return f"""
BITRIX_PORTAL_OWNER_ID = {connection.portal.user_id}
HEAD_DEPARTMENT_ID = {made.raise_for_status().json()["id"]}
"""
