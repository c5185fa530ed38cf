"""Every direct dependency is argued for in docs/dependencies.md, and nothing else is."""

import re
import tomllib
from collections.abc import Iterator

from testkit import checkout


def direct_dependencies() -> Iterator[str]:
    for path in checkout.tracked():
        if path.name == "pyproject.toml":
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            groups = document.get("dependency-groups", {}).values()
            requirements = [
                *document["project"].get("dependencies", []),
                *document.get("build-system", {}).get("requires", []),
                *(requirement for group in groups for requirement in group),
            ]
            yield from (re.split(r"[\[<>=!~; ]", r)[0].lower() for r in requirements)


def servers() -> set[str]:
    script = (checkout.ROOT / "deploy/bootstrap.sh").read_text(encoding="utf-8")
    found = re.findall(r'^(?:SERVERS|LABORATORY)="([^"]+)"', script, re.MULTILINE)
    return {f"deb:{package}" for packages in found for package in packages.split()}


def test_each_direct_dependency_has_its_line_and_no_line_is_left_over() -> None:
    ours = {package.name for package in checkout.PACKAGES}
    text = (checkout.ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)

    assert len(lines) == len(set(lines))
    assert set(lines) == set(direct_dependencies()) - ours | servers()
