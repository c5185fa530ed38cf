"""The comparison with documented shapes sees what it should see."""

from typing import Any

import pytest

from .contract import documented, matches, mismatches

GOOD: list[tuple[Any, Any]] = [
    ("string", ""),
    ("string(int)", "12"),
    ("string(int)", "-12"),
    ("string(decimal)", "12.50"),
    ("string(datetime)", "2026-01-01T12:00:00+00:00"),
    ("string(Y/N)", "N"),
    ("int", 5),
    ("float", 5),
    ("float", 5.5),
    ("bool", False),
    ("null", {"any": "thing"}),
    ({}, "anything"),
    ([], "anything"),
    (["int"], []),
    (["int"], [1, 2]),
    ({"a": "int"}, {"a": 1, "b": "more"}),
    ({"a": "int"}, {"a": None}),
    ({"a": "string(datetime)"}, {"a": ""}),
]
BAD: list[tuple[Any, Any, str]] = [
    ("string", 5, "result: 5 is no string"),
    ("string(int)", 12, "result: 12 is no string(int)"),
    ("string(int)", "x", "result: 'x' is no string(int)"),
    ("string(datetime)", "2026-01-01", "result: '2026-01-01' is no string(datetime)"),
    ("string(Y/N)", True, "result: True is no string(Y/N)"),
    ("int", True, "result: True is no int"),
    ("int", "5", "result: '5' is no int"),
    ("bool", "Y", "result: 'Y' is no bool"),
    ("string", None, "result: None is no string"),
    (["int"], {"0": 1}, "result: {'0': 1} is no list"),
    (["int"], [1, "2"], "result[1]: '2' is no int"),
    ({"a": "int"}, [], "result: [] is no map"),
    ({"a": "int"}, {}, "result.a is lacking"),
    ({"a": [{"b": "bool"}]}, {"a": [{"b": 1}]}, "result.a[0].b: 1 is no bool"),
]


@pytest.mark.parametrize(("shape", "value"), GOOD)
def test_what_has_the_shape_passes(shape: Any, value: Any) -> None:
    assert mismatches(shape, value) == []


@pytest.mark.parametrize(("shape", "value", "said"), BAD)
def test_what_differs_is_said(shape: Any, value: Any, said: str) -> None:
    assert mismatches(shape, value) == [said]


def test_what_we_do_not_give_yet_may_be_lacking() -> None:
    assert matches({"a": "int", "b": "int"}, {"a": 1}, lacking=("b",))


def test_a_shape_with_an_unknown_word_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no shape is called"):
        matches("strnig", "x")


def test_the_documented_methods_are_there() -> None:
    assert documented("user")["user.get"]["paged"] is True
