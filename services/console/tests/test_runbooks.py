"""Runbooks are one page, say the same things in the same order, and name commands that exist."""

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from console.main import commands

ROOT = Path(__file__).parents[3]
RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
RULES = "".join(file.read_text() for file in (ROOT / "deploy/prometheus/alerts").glob("*.yml"))
PARTS = [
    "When",
    "What it means",
    "Is data at risk?",
    "What Portico does by itself",
    "Check",
    "Do",
    "How it ends",
]
OF_ALERTS = [path for path in RUNBOOKS if f"docs/runbooks/{path.name}" in RULES]
NO_ALERT = {"etcd-restored.md"}


def commands_in(path: Path) -> list[str]:
    """Return what the runbook tells people to type."""
    return re.findall(r"`\./portico ([^`]+)`", path.read_text(encoding="utf-8"))


def test_each_runbook_belongs_to_an_alert() -> None:
    assert {path.name for path in RUNBOOKS} - {path.name for path in OF_ALERTS} == NO_ALERT


@pytest.mark.parametrize("path", OF_ALERTS, ids=lambda path: path.stem)
def test_a_runbook_is_one_page_with_the_usual_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"^\*\*([^*]+?)\.?\*\*", text, re.MULTILINE) == PARTS
    assert len(text.split()) <= 350


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_commands_in_a_runbook_exist(path: Path) -> None:
    for typed in commands_in(path):
        verb, words = get_command(commands), re.sub(r"'[^']*'", "SENTENCE", typed).split()
        while isinstance(verb, TyperGroup):
            assert set(words[:1]) & set(verb.commands), typed
            verb = verb.commands[words.pop(0)]
        # parsing refuses an option that is not there, and a word too many or too few
        arguments = ["1" if word in {"PAIR", "NUMBER", "ID"} else word for word in words]
        verb.make_context("portico", arguments)
