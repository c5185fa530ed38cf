"""Departments: a tree with one root, which is the company."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from portal.modules.company.contracts import Department, DepartmentId
from portal.modules.company.errors import DepartmentCycleError, RootDepartmentError

ENTITY = "department"
LONGEST_TITLE = 200
DEFAULT_POSITION = 500
HIGHEST_POSITION = 1_000_000
CHANGEABLE = ("name", "parent_id", "position", "head_id")

Tree = Mapping[DepartmentId, Department]


def tree(departments: Iterable[Department]) -> Tree:
    """Return the departments by id."""
    return {department.id: department for department in departments}


def root(departments: Tree) -> DepartmentId:
    """Return the company itself: the first of the departments without a parent."""
    return min(d.id for d in departments.values() if d.parent_id is None)


def above(departments: Tree, department: DepartmentId) -> list[DepartmentId]:
    """Return the department and those it stands under, from below; ends even in a broken tree."""
    path: list[DepartmentId] = []
    at: DepartmentId | None = department
    while at is not None and at in departments and at not in path:
        path.append(at)
        at = departments[at].parent_id
    return path


def moved(departments: Tree, id_: DepartmentId, parent: DepartmentId | None) -> Department:
    """Return the department under another parent.

    Raises ``DepartmentCycleError`` if that stands under it, and ``RootDepartmentError`` for the root.
    """
    department = departments[id_]
    if parent == department.parent_id:
        return department
    if parent is None or id_ == root(departments):
        raise RootDepartmentError(id=id_)
    if id_ in above(departments, parent):
        raise DepartmentCycleError(id=id_, parent_id=parent)
    return replace(department, parent_id=parent)
