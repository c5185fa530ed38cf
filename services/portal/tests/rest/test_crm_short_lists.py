"""Short lists are filtered, sorted and paged in memory as the long ones are in the database."""

from typing import Any

import pytest

from kernel.conditions import Sorting
from portal.modules.crm.rest import short_lists
from portal.rest.fields import Field, Fields, Kind
from portal.rest.method import Listed, Parameters

TABLE = Fields(
    [
        Field("ID", "id", Kind.INTEGER),
        Field("NAME", "name", Kind.STRING),
        Field("NOTE", "note", Kind.STRING),
    ]
)
NAMES = ("Анна", "Борис", "Вера", "Глеб")
THINGS = [{"id": n, "name": name, "note": "х" if n % 2 else None} for n, name in enumerate(NAMES)]


def listed(things: list[dict[str, Any]] = THINGS, **asked: Any) -> Listed:
    return short_lists.listed(
        TABLE,
        things,
        Parameters(asked),
        value_of=dict.__getitem__,
        show=dict,
        order=[Sorting("id")],
    )


def found(**filter_: Any) -> list[int]:
    return [thing["id"] for thing in listed(filter=filter_).items]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"ID": "2"}, [2]),
        ({"!ID": 2}, [0, 1, 3]),
        ({"@ID": [1, 3, 9]}, [1, 3]),
        ({"!@ID": [1, 3]}, [0, 2]),
        ({">ID": 1}, [2, 3]),
        ({">=ID": 1}, [1, 2, 3]),
        ({"<ID": 1}, [0]),
        ({"<=ID": "1"}, [0, 1]),
        ({"NAME": "анна"}, [0]),
        ({"%NAME": "ЕР"}, [2]),
        ({"!%NAME": "р"}, [0, 3]),
        ({"=%NAME": "%а"}, [0, 2]),
        ({"!=%NAME": "%а"}, [1, 3]),
        ({"NOTE": ""}, [0, 2]),
        ({"!NOTE": ""}, [1, 3]),
        ({"!NOTE": "х"}, [0, 2]),
        ({">ID": ""}, []),
        ({"NOPE": 1}, [0, 1, 2, 3]),
        ({"%NAME": "' OR 1=1 --"}, []),
    ],
)
def test_every_comparison_holds(wanted: dict[str, Any], ids: list[int]) -> None:
    assert found(**wanted) == ids


def test_the_empty_ones_are_the_lowest() -> None:
    ordered = listed(order={"NOTE": "asc", "ID": "desc"}).items
    assert [thing["id"] for thing in ordered] == [2, 0, 3, 1]


def test_pages_are_of_fifty() -> None:
    many = [{"id": n, "name": str(n), "note": None} for n in range(120)]
    page = listed(many, start=50)
    assert ([t["id"] for t in page.items], page.total, page.next) == ([*range(50, 100)], 120, 100)
    assert listed(many, start=100).next is None
    uncounted = listed(many, start=-1, filter={"<ID": 100}, order={"ID": "DESC"})
    assert (uncounted.items[0]["id"], len(uncounted.items), uncounted.total) == (99, 50, None)
    assert listed(many, start=10**18).items == []
