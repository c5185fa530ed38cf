"""What the documentation points to exists, and records of decisions keep their form."""

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from console.main import commands
from testkit import checkout

DOCUMENTS = {checkout.name(p): p for p in checkout.tracked() if p.suffix == ".md"}
RECORDS = sorted((checkout.ROOT / "docs/adr").glob("[0-9]*.md"))
TARGETS = set(re.findall(r"^([a-z-]+):", (checkout.ROOT / "Makefile").read_text(), re.MULTILINE))
CRM = checkout.ROOT / "services/portal/src/portal/modules/crm"
TUTORIAL = (checkout.ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
TUTORIAL_CHANGES = re.findall(r"^```diff\n\+\+\+ (.*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL)
TOP_FOLDERS = ("libs", "services", "deploy", "docs", "tests", "examples", "loadtests")


def code_in(text: str) -> list[str]:
    """Return fenced blocks and inline code."""
    fence = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
    return fence.findall(text) + re.findall(r"`([^`\n]+)`", fence.sub("", text))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = DOCUMENTS[document]
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        target, _, _ = link.partition("#")
        if target and not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), link


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_in_code_exist(document: str) -> None:
    text = DOCUMENTS[document].read_text(encoding="utf-8")
    paths = rf"(?<![\w/.-])(?:{'|'.join(TOP_FOLDERS)})/[\w./*-]*"
    for path in re.findall(paths, "\n".join(code_in(text))):
        assert any(checkout.ROOT.glob(path.rstrip("/."))), path


@pytest.mark.parametrize("change", TUTORIAL_CHANGES, ids=lambda change: change.split("\n")[0])
def test_the_tutorial_shows_the_code_as_it_is(change: str) -> None:
    name, _, shown = change.partition("\n")
    lines = (CRM / name).read_text(encoding="utf-8").splitlines()
    for line in shown.splitlines():
        if line.startswith("+"):
            assert line[1:] not in lines, "the tutorial's field has come to exist"
        elif line.strip() != "...":
            assert line[1:] in lines


def test_documents_that_the_code_refers_to_exist() -> None:
    names = {path.name for path in DOCUMENTS.values()}
    for source in checkout.SOURCES:
        named = re.findall(r"\b[\w-]+\.md\b", source.read_text(encoding="utf-8"))
        assert set(named) <= names, checkout.name(source)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_exist(document: str) -> None:
    text = DOCUMENTS[document].read_text(encoding="utf-8")
    used = re.findall(r"\bmake +([a-z-]+)", "\n".join(code_in(text)))
    assert set(used) <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_verbs_of_the_operators_command_exist(document: str) -> None:
    verbs = get_command(commands)
    assert isinstance(verbs, TyperGroup)
    for code in code_in(DOCUMENTS[document].read_text(encoding="utf-8")):
        for verb in re.findall(r"^(?:\./|\.venv/bin/)?portico ([a-z]+)", code, re.MULTILINE):
            assert verb in verbs.commands, code


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.name)
def test_a_record_is_short_and_has_its_sections(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert len(text.split()) <= 300
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert record.name in (record.parent / "README.md").read_text(encoding="utf-8")


def test_records_are_numbered_without_gaps() -> None:
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))
