"""The files of this repository, for tests about its shape."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[4]

PACKAGES = sorted(
    package.parent
    for folder in ("libs/*", "services/*", "deploy/*")
    for package in ROOT.glob(f"{folder}/src/*/__init__.py")
)
MODULES = sorted(
    module.parent for module in ROOT.glob("services/portal/src/portal/modules/*/__init__.py")
)
SOURCES = sorted(
    source
    for package in PACKAGES
    for source in package.rglob("*.py")
    if "tests" not in source.relative_to(package).parts
)


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files in git, and those that ``git add`` would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.check_output(command, cwd=ROOT, timeout=30)  # noqa: S603 - no outside input
    paths = (ROOT / name for name in listing.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def name(path: Path) -> str:
    """Return the path as one types it in the root."""
    return str(path.relative_to(ROOT))
