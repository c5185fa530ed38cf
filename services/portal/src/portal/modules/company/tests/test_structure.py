"""The tree of departments keeps its shape, whatever is asked of it."""

import random

import pytest

from portal.modules.company.contracts import Department, DepartmentId
from portal.modules.company.domain.structure import Tree, above, moved, root, tree
from portal.modules.company.errors import DepartmentCycleError, RootDepartmentError

MOVES = 500


def small_tree() -> Tree:
    """1 is the company; 2 and 3 stand under it, 4 under 2, 5 under 4."""
    parents = {1: None, 2: 1, 3: 1, 4: 2, 5: 4}
    return tree(
        Department(DepartmentId(n), f"D{n}", None if p is None else DepartmentId(p))
        for n, p in parents.items()
    )


def test_the_first_department_without_a_parent_is_the_company() -> None:
    assert root(small_tree()) == 1


def test_above_a_department_are_all_it_stands_under() -> None:
    assert above(small_tree(), DepartmentId(5)) == [5, 4, 2, 1]


def test_a_department_moves_with_all_below_it() -> None:
    assert moved(small_tree(), DepartmentId(4), DepartmentId(3)).parent_id == 3


@pytest.mark.parametrize("parent", [2, 4, 5])
def test_a_department_never_stands_under_itself(parent: int) -> None:
    with pytest.raises(DepartmentCycleError):
        moved(small_tree(), DepartmentId(2), DepartmentId(parent))


@pytest.mark.parametrize(("department", "parent"), [(1, 2), (2, None)])
def test_the_company_stays_on_top_and_has_no_equal(department: int, parent: int | None) -> None:
    with pytest.raises(RootDepartmentError):
        moved(
            small_tree(), DepartmentId(department), None if parent is None else DepartmentId(parent)
        )


def test_after_any_moves_every_department_is_below_the_company() -> None:
    dice, departments = random.Random(1), dict(small_tree())  # noqa: S311  # dice, not secrets
    ids = sorted(departments)
    for _ in range(MOVES):
        what, where = dice.choice(ids), dice.choice(ids)
        try:
            departments[what] = moved(departments, what, where)
        except (DepartmentCycleError, RootDepartmentError):
            continue
    assert all(above(departments, d)[-1] == 1 for d in ids)


def test_even_in_a_broken_tree_the_way_up_ends() -> None:
    one, two = DepartmentId(1), DepartmentId(2)
    broken = tree([Department(one, "one", two), Department(two, "two", one)])
    assert above(broken, one) == [1, 2]
