"""Rules about the shape of the repository that no linter knows."""

import ast
import re
import sys
from pathlib import Path

import pytest

from testkit import checkout

PYTHON = [path for path in checkout.tracked() if path.suffix == ".py"]

FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w./-])/(?:home|root|work|Users)/"),
    "a registry's host": re.compile(r"https?://[a-z.]*(?:pypi|pythonhosted|npmjs|debian)\."),
    "a registry's option": re.compile(r"--(?:extra-)?index-url"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a conflict of a merge": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}


@pytest.mark.parametrize("package", checkout.PACKAGES, ids=lambda path: path.name)
def test_no_package_hides_a_standard_one(package: Path) -> None:
    assert package.name not in sys.stdlib_module_names


@pytest.mark.parametrize("package", [*checkout.PACKAGES, *checkout.MODULES], ids=checkout.name)
def test_packages_and_modules_introduce_themselves(package: Path) -> None:
    introduction = ast.get_docstring(ast.parse((package / "__init__.py").read_text()))
    assert introduction, "say in __init__.py what it is for"
    assert "to be filled" not in introduction.lower()


@pytest.mark.parametrize("source", PYTHON, ids=checkout.name)
def test_a_file_fits_in_a_head(source: Path) -> None:
    assert len(source.read_text().splitlines()) <= 400, "split it by verb"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_mentions(what: str) -> None:
    pattern = FORBIDDEN[what]
    hits = [
        f"{checkout.name(path)}: {match[0]}"
        for path in checkout.tracked()
        if (match := pattern.search(path.read_text(encoding="utf-8", errors="ignore")))
    ]
    assert not hits
