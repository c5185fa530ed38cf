"""References between the commands of a batch."""

import time

import pytest

from portal.rest import wire
from portal.rest.method import CallError
from portal.rest.references import LONGEST_TEXT, MOST_REFERENCES, resolved

RESULTS = {
    "1": [{"ID": str(n)} for n in range(50)],
    "tasks": {"tasks": [{"id": "7"}, {"id": "8"}]},
    "id": 42,
    "yes": True,
    "no": False,
    "none": None,
    "text": "Пять",
}


def read(query: str) -> dict[str, object]:
    return resolved(wire.of_query(query.encode()), RESULTS)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("a=$result[1][49][ID]", "49"),
        ("a=%24result%5B1%5D%5B49%5D%5BID%5D", "49"),
        ("a=$result[tasks][tasks][1][id]", "8"),
        ("a=$result[id]", 42),
        ("a=$result[yes]", True),
        ("a=U_$result[id]-$result[text]", "U_42-Пять"),
        ("a=x$result[yes]$result[no]$result[none]y", "x1y"),
        ("a=$result[tasks]", RESULTS["tasks"]),
        ("a=x$result[tasks]", "x"),
    ],
)
def test_a_reference_is_replaced(query: str, value: object) -> None:
    assert read(query) == {"a": value}


@pytest.mark.parametrize(
    "reference",
    [
        *("$result[nobody]", "$result[1][50][ID]", "$result[1][-1]", "$result[1][x]", "$result[]"),
        *("$result[id][deeper]", "$result[tasks][tasks][99999999999999999999]", "$result[none]"),
        "$result[a]",
    ],
)
def test_what_is_not_found_is_empty(reference: str) -> None:
    assert read(f"filter[>ID]={reference}") == {"filter": {">ID": ""}}


@pytest.mark.parametrize("text", ["$result", "$result[", "$result[1", "result[1]", "$ result[id]"])
def test_what_is_no_reference_stays(text: str) -> None:
    assert read(f"a={text}") == {"a": text}


def test_references_stand_at_any_depth() -> None:
    given = {"a": [{"b": ["$result[id]", 5, None]}]}
    assert resolved(given, RESULTS) == {"a": [{"b": [42, 5, None]}]}


def test_a_text_does_not_grow_without_bounds() -> None:
    long = {"a": "x" * (LONGEST_TEXT // 2)}
    assert resolved({"t": "-$result[a]"}, long)
    for text in ("-$result[a]$result[a]$result[a]", "$result[b]" * (MOST_REFERENCES + 1)):
        with pytest.raises(CallError):
            resolved({"t": text}, long)


def test_many_brackets_cost_nothing() -> None:
    started = time.monotonic()
    for text in ("$result[" * 20_000, "$result[1]" + "[" * 100_000, "$result[1]" + "[0]" * 50_000):
        resolved({"t": text}, RESULTS)
    assert time.monotonic() - started < 5.0, "it grows faster than the text"
