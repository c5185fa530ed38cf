"""Compares an answer with the documented shape of it.

A shape is the skeleton of a documented example: words for scalars (``string(int)``, ``string(Y/N)`` ...), a
list of one element, a map by name. ``null`` and an empty shape stood for what the example left open.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
TEXTS = {
    "string": re.compile(r".*", re.DOTALL),
    "string(int)": re.compile(r"-?\d+"),
    "string(decimal)": re.compile(r"-?\d+(\.\d+)?"),
    "string(datetime)": INSTANT,
    "string(Y/N)": re.compile(r"[YN]"),
}
EMPTY = (None, "")
OPEN: tuple[Any, ...] = (None, "null", [], {})
NUMBERS = {"int": (int,), "float": (int, float)}


def mismatches(
    shape: Any, value: Any, *, lacking: Collection[str] = (), at: str = "result"
) -> list[str]:
    """Return what differs, a sentence each; ``lacking`` names keys that we do not give yet.

    Inside a map a value may be empty, null or "", as those of empty fields are, and further keys may stand.
    """
    return list(_mismatches(shape, value, frozenset(lacking), at))


def matches(shape: Any, value: Any, *, lacking: Collection[str] = ()) -> bool:
    """Whether the answer has the documented shape."""
    return not mismatches(shape, value, lacking=lacking)


def _mismatches(shape: Any, value: Any, lacking: frozenset[str], at: str) -> Iterator[str]:
    if shape in OPEN:
        return
    match shape:
        case str():
            if not _is_word(shape, value):
                yield f"{at}: {value!r} is no {shape}"
        case [each, *_]:
            yield from _in_list(each, value, lacking, at)
        case _:
            yield from _in_map(shape, value, lacking, at)


def _in_list(each: Any, value: Any, lacking: frozenset[str], at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at}: {value!r} is no list"
        return
    for place, one in enumerate(value):
        yield from _mismatches(each, one, lacking, f"{at}[{place}]")


def _in_map(shape: dict[str, Any], value: Any, lacking: frozenset[str], at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: {value!r} is no map"
        return
    for name in sorted(shape.keys() - value.keys() - lacking):
        yield f"{at}.{name} is lacking"
    for name in sorted(shape.keys() & value.keys()):
        if value[name] not in EMPTY:
            yield from _mismatches(shape[name], value[name], lacking, f"{at}.{name}")


def _is_word(word: str, value: Any) -> bool:
    if word in TEXTS:
        return isinstance(value, str) and TEXTS[word].fullmatch(value) is not None
    if word in NUMBERS:
        return isinstance(value, NUMBERS[word]) and not isinstance(value, bool)
    if word == "bool":
        return isinstance(value, bool)
    raise ValueError(f"no shape is called {word!r}")
