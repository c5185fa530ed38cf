"""SQLAlchemy Core statements, compiled once and run on the driver's own connection.

Executing through SQLAlchemy costs 2-8 times the driver (docs/benchmarks.md); compiling is what is dear,
and it needs to happen once per statement. What we keep from SQLAlchemy is what keeps us safe: typed
tables, quoting, and a statement that can be inspected before it ever runs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import DateTime, Table
from sqlalchemy.dialects import mysql
from sqlalchemy.sql import ClauseElement, Executable, operators, visitors
from sqlalchemy.sql.dml import Insert, UpdateBase
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, ColumnClause
from sqlalchemy.sql.selectable import Select

from db.instants import to_database
from db.schema import Belongs

_DIALECT = mysql.dialect(paramstyle="format")
PORTAL = "portal_id"


class UnscopedStatementError(Exception):
    """A statement touches a portal's table without naming the portal: a defect, found when compiled."""


class Statement:
    """One compiled statement: ``sql`` in the driver's format style and the order of its parameters.

    ``columns`` limits an INSERT to these columns. ``across_portals`` gives the written reason why a
    statement of the system itself may see every portal's rows; portal code never passes it.
    """

    __slots__ = ("_defaults", "_names", "instants", "sql")

    def __init__(
        self, clause: Executable, *, columns: Iterable[str] | None = None, across_portals: str = ""
    ) -> None:
        assert isinstance(clause, ClauseElement)  # noqa: S101  # every Core executable is one
        if not across_portals:
            _require_portal(clause, columns)
        for element in _elements(clause):
            if isinstance(element, BindParameter):
                element.required = False  # values come later, and ``arguments`` checks them
        compiled = clause.compile(
            dialect=_DIALECT,
            column_keys=None if columns is None else list(columns),
            compile_kwargs={"render_postcompile": True},
        )
        self.sql: str = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]  # of SQLCompiler
        self._defaults: Mapping[str, Any] = {
            k: v for k, v in compiled.params.items() if v is not None
        }
        self.instants: tuple[int, ...] = _instants(clause)

    def arguments(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values in the driver's order; a missing one raises ``KeyError``."""
        defaults = self._defaults
        return tuple(to_database(values[n] if n in values else defaults[n]) for n in self._names)

    def many(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Return the arguments of each row."""
        return [self.arguments(row) for row in rows]


def literally(text: str) -> str:
    """Make ``%``, ``_`` and the backslash of a text mean themselves in LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _instants(clause: ClauseElement) -> tuple[int, ...]:
    """Return the places of the columns that hold instants."""
    columns = clause.selected_columns if isinstance(clause, Select) else ()
    return tuple(n for n, c in enumerate(columns) if isinstance(c.type, DateTime))


def _require_portal(clause: ClauseElement, columns: Iterable[str] | None) -> None:
    if isinstance(clause, Insert):
        named = set(columns or ()) | {
            getattr(c, "name", c) for c in getattr(clause, "_values", None) or {}
        }
        scoped = {clause.table} if PORTAL in named and isinstance(clause.table, Table) else set()
    else:
        scoped = _compared_with_portal(clause)
    for table in _tables(clause):
        if table.info.get("belongs") != Belongs.GLOBAL and table not in scoped:
            raise UnscopedStatementError(f"{table.name} is read or written without its portal_id")


def _tables(clause: ClauseElement) -> set[Table]:
    return {e for e in _elements(clause) if isinstance(e, Table)}


def _elements(clause: ClauseElement) -> Iterator[Any]:
    """Walk the whole statement, the joins of each SELECT and the target of a DML included."""
    for element in visitors.iterate(clause):
        yield element
        if isinstance(element, Select):
            for source in element.get_final_froms():
                yield from visitors.iterate(source)
        if isinstance(element, UpdateBase):
            yield element.table


def _compared_with_portal(clause: ClauseElement) -> set[Table]:
    """Return the tables whose ``portal_id`` must equal the parameter of that name.

    Only a top-level AND counts: inside an OR the comparison would not bind every row.
    """
    scoped: set[Table] = set()
    for element in _elements(clause):
        criteria = getattr(element, "_where_criteria", ())
        onclause = getattr(element, "onclause", None)
        for part in (*criteria, *(() if onclause is None else (onclause,))):
            scoped |= {t for t in map(_portal_of, _conjuncts(part)) if t is not None}
    return scoped


def _conjuncts(clause: Any) -> Iterable[Any]:
    if getattr(clause, "operator", None) is operators.and_:
        for part in clause.clauses:
            yield from _conjuncts(part)
    else:
        yield clause


def _portal_of(clause: Any) -> Table | None:
    if not (isinstance(clause, BinaryExpression) and clause.operator is operators.eq):
        return None
    left, right = clause.left, clause.right
    named = isinstance(right, BindParameter) and right.key == PORTAL
    if named and isinstance(left, ColumnClause) and left.name == PORTAL:
        return left.table if isinstance(left.table, Table) else None
    return None
