"""The compatible methods of departments: department.*."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.modules.company import wiring
from portal.modules.company.contracts import Department, DepartmentId, UserId
from portal.modules.company.rest import failures
from portal.modules.company.rest.failures import refusal
from portal.modules.company.schemas.departments import DepartmentIn, DepartmentPatch
from portal.rest import titles
from portal.rest.fields import Field, Fields, Kind
from portal.rest.filters import NOTHING
from portal.rest.method import PAGE, Call, Listed, Method, integer_of

SCOPE = ("department",)
RESERVED = frozenset({"sort", "order", "start", "filter"})
ROWS: tuple[Field, ...] = (
    Field("ID", "id", Kind.INTEGER, is_read_only=True),
    Field("NAME", "name", Kind.STRING, empty=""),
    Field("SORT", "position", Kind.INTEGER, is_number=True),
    Field("PARENT", "parent_id", Kind.INTEGER),
    Field("UF_HEAD", "head_id", Kind.USER),
)
TABLES = titles.by_locale(Path(__file__).with_name("titles.toml"), "department", ROWS)
TABLE = titles.of(TABLES, "en")


async def _get(call: Call) -> Listed:
    start = call.parameters.start
    conditions = TABLE.conditions(_filter(call))
    if conditions is NOTHING:
        return Listed((), total=0, start=start.offset)
    departments = wiring.departments(call.context.reader)
    found = await departments.page(conditions, TABLE.order(_order(call)), start.offset, PAGE)
    total = await departments.count(conditions) if start.is_counted else None
    return Listed([_rendered(d) for d in found], total=total, start=start.offset)


async def _fields(call: Call) -> dict[str, str]:
    table: Fields = titles.of(TABLES, call.context.locale)
    return {name: row["title"] for name, row in table.described().items()}


async def _add(call: Call) -> int:
    given = _given(call)
    if not given.get("name"):
        raise refusal(failures.DEPARTMENT_WITHOUT_NAME)
    departments = wiring.departments(call.context.reader)
    parent = given.get("parent_id")
    if parent is None or await departments.find(DepartmentId(parent)) is None:
        raise refusal(failures.SECOND_ROOT)
    with failures.documented(ROWS):
        new = DepartmentIn.model_validate(given)
        head = None if new.head_id is None else UserId(new.head_id)
        service = wiring.department_service(call.context.writer)
        return (await service.make(new.name, DepartmentId(parent), new.position, head)).id


async def _update(call: Call) -> bool:
    department, given = _department(call), _given(call)
    with failures.documented(ROWS):
        checked = DepartmentPatch.model_validate(given).given()
        await wiring.department_service(call.context.writer).update(department, checked)
    return True


async def _delete(call: Call) -> bool:
    department = _department(call)
    _require_administrator(call)
    with failures.documented(ROWS):
        await wiring.department_service(call.context.writer).dissolve(department)
    return True


def _given(call: Call) -> dict[str, Any]:
    """Return what was sent of a department, by our names; who may not change it is refused."""
    _require_administrator(call)
    read = TABLE.read(call.parameters.values)
    return {n: v for n, v in read.items() if v is not None or n == "head_id"}


def _require_administrator(call: Call) -> None:
    if call.caller.role != "admin":
        raise refusal(failures.STRUCTURE_ACCESS_DENIED)


def _department(call: Call) -> DepartmentId:
    number = integer_of(call.parameters.get("ID"))
    if number is None or number < 1:
        raise refusal(failures.DEPARTMENT_NOT_FOUND)
    return DepartmentId(number)


def _filter(call: Call) -> Mapping[str, Any]:
    """Return the filter, whose names stand at the top; so does SORT, which is also the order's name."""
    values = call.parameters.values
    top = {name: value for name, value in values.items() if name not in RESERVED}
    position = integer_of(values.get("sort"))
    by_position = {} if position is None else {"SORT": position}
    return {**top, **by_position, **call.parameters.map("filter")}


def _order(call: Call) -> Mapping[str, Any]:
    direction = call.parameters.get("order")
    if isinstance(direction, Mapping):
        return direction
    return {str(call.parameters.get("sort")): direction or "ASC"}


def _rendered(department: Department) -> dict[str, Any]:
    """Return a department; what is not set, its head or the root's parent, is left out."""
    shown = TABLE.render(lambda name: getattr(department, name), ROWS)
    return {name: value for name, value in shown.items() if value is not None}


METHODS = (
    Method("department.get", SCOPE, _get),
    Method("department.fields", SCOPE, _fields),
    Method("department.add", SCOPE, _add, writes=True),
    Method("department.update", SCOPE, _update, writes=True),
    Method(
        "department.delete",
        SCOPE,
        _delete,
        writes=True,
        differs="People and departments that stand in it come to the department above.",
    ),
)
