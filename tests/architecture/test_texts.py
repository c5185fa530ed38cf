"""Every expected failure can be told to a person in each language of the product."""

import ast
import string
import tomllib
from collections.abc import Iterator

import pytest

from kernel.messages import LOCALES
from testkit import checkout

# text by locale, by code, by file: services may word the same failure differently
TEXTS = {
    f"{checkout.name(path)}: {code}": by_locale
    for path in checkout.tracked()
    if path.name == "messages.toml"
    for code, by_locale in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
CLASSES = [
    definition
    for source in checkout.SOURCES
    for definition in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
    if isinstance(definition, ast.ClassDef)
]


def names_of_errors() -> set[str]:
    """Return the names of the classes below ``kernel.errors.PorticoError``, however deep."""
    names, grown = set[str](), {"PorticoError"}
    while grown != names:
        names = grown
        grown = names | {
            definition.name
            for definition in CLASSES
            if any(ast.unparse(base).rpartition(".")[2] in names for base in definition.bases)
        }
    return names


def codes_of_errors() -> Iterator[str]:
    """Return the value of each ``code = "..."`` in the body of an error class."""
    names = names_of_errors()
    for definition in CLASSES:
        for statement in definition.body if definition.name in names else []:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                target = (
                    statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                )
                value = statement.value
                if ast.unparse(target) == "code" and isinstance(value, ast.Constant):
                    yield str(value.value)


@pytest.mark.parametrize("code", sorted(set(codes_of_errors())))
def test_an_error_has_its_text(code: str) -> None:
    assert code in {text.rpartition(": ")[2] for text in TEXTS}, "add it to a messages.toml"


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_there_in_every_language(text: str) -> None:
    assert set(TEXTS[text]) == set(LOCALES)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_names_the_same_values_in_every_language(text: str) -> None:
    templates = TEXTS[text].values()
    values = [{part[1] for part in string.Formatter().parse(t) if part[1]} for t in templates]
    assert all(names == values[0] for names in values)
