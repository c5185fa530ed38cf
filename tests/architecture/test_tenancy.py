"""No statement of the portal service can reach another portal's rows.

The first line of defence is ``db.statements.Statement``, which refuses a statement that does not name its
portal. This test closes the ways around it: raw SQL, tables unknown to the schema, statements far from
the repository where one looks for them.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table

from db import schema
from testkit import checkout

MIGRATING = {"ddl.py", "migrate.py"}
PORTAL = [
    source
    for source in checkout.SOURCES
    if checkout.name(source).startswith("services/portal/") and source.name not in MIGRATING
]
IN_MODULES = [source for source in PORTAL if "modules" in source.parts]
HOMES_OF_SQL = ("repository", "tables")
SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO|WITH)\s")


def ways_around(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if SQL.match(text):
                yield f"line {node.lineno}: raw SQL"
            case ast.ImportFrom(names=names) if any(a.name == "text" for a in names):
                yield f"line {node.lineno}: sqlalchemy.text"
            case ast.Call(func=ast.Name(id="Table" | "MetaData" as name)):
                yield f"line {node.lineno}: {name}() beside db.schema"
            case ast.Import(names=names) if any(a.name.startswith("sqlalchemy") for a in names):
                yield f"line {node.lineno}: sqlalchemy as a whole, so that one does not see what"
            case ast.keyword(arg="across_portals"):
                yield f"line {node.lineno}: a statement across portals"
            case _:
                pass


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    """Every table of the product: those of the schema, once all that declare one are imported."""
    for source in checkout.SOURCES:
        if "db.schema" in imports(ast.parse(source.read_text(encoding="utf-8"))):
            folder = next(parent for parent in source.parents if parent.name == "src")
            importlib.import_module(".".join(source.relative_to(folder).with_suffix("").parts))
    return list(schema.metadata.tables.values())


@pytest.mark.parametrize("source", PORTAL, ids=checkout.name)
def test_every_statement_of_the_portal_service_is_checked_for_its_portal(source: Path) -> None:
    assert not list(ways_around(ast.parse(source.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "line",
    [
        'run("SELECT id FROM leads")',
        'run("""\n  UPDATE leads SET title = %s""")',
        "from sqlalchemy import select, text",
        'leads = Table("leads", MetaData())',
        "import sqlalchemy as sa",
        'Statement(select(leads), across_portals="why not")',
    ],
)
def test_each_way_around_is_seen(line: str) -> None:
    assert list(ways_around(ast.parse(line)))


@pytest.mark.parametrize("source", IN_MODULES, ids=checkout.name)
def test_in_a_module_only_repository_and_tables_know_sql(source: Path) -> None:
    relative = source.relative_to(checkout.ROOT / "services/portal/src/portal/modules")
    if not any(part.removesuffix(".py") in HOMES_OF_SQL for part in relative.parts):
        roots = {name.partition(".")[0] for name in imports(ast.parse(source.read_text("utf-8")))}
        assert not roots & {"sqlalchemy", "asyncmy"}


def test_every_table_says_how_it_belongs_to_a_portal(tables: list[Table]) -> None:
    assert tables
    for table in tables:
        assert table.info.get("belongs") in list(schema.Belongs), table.name


def test_the_key_of_a_portals_table_begins_with_the_portal(tables: list[Table]) -> None:
    for table in tables:
        if table.info["belongs"] == schema.Belongs.OWNED:
            assert next(iter(table.primary_key.columns)).name == "portal_id", table.name


def test_what_is_unique_is_unique_within_its_portal(tables: list[Table]) -> None:
    for table in tables:
        for index in table.indexes:
            if index.unique and table.info["belongs"] == schema.Belongs.OWNED:
                assert index.columns[0].name == "portal_id", f"{table.name}: {index.name}"
