"""Filters of the wire as conditions: the prefix of a key, what an empty value means, several values.

``filter[>=ID]=5``, ``filter[@STATUS_ID][]=NEW``, ``filter[!NAME]=`` and the rest of the documented forms.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from kernel.conditions import Condition, Operator

# Longest first: a key is read from its beginning
PREFIXES: tuple[tuple[str, Operator], ...] = (
    ("!=%", Operator.UNLIKE),
    ("!%=", Operator.UNLIKE),
    ("!%", Operator.LACKS),
    ("!@", Operator.NONE_OF),
    ("!=", Operator.NOT_EQUAL),
    ("=%", Operator.LIKE),
    ("%=", Operator.LIKE),
    (">=", Operator.AT_LEAST),
    ("<=", Operator.AT_MOST),
    ("=", Operator.EQUAL),
    ("!", Operator.NOT_EQUAL),
    (">", Operator.GREATER),
    ("<", Operator.LESS),
    ("@", Operator.ONE_OF),
    ("%", Operator.CONTAINS),
)
SEVERAL = {Operator.EQUAL: Operator.ONE_OF, Operator.NOT_EQUAL: Operator.NONE_OF}
WHEN_EMPTY = {Operator.EQUAL: Operator.EMPTY, Operator.NOT_EQUAL: Operator.FILLED}
WITH_TEXTS = frozenset({Operator.CONTAINS, Operator.LACKS, Operator.LIKE, Operator.UNLIKE})
ORDERED = frozenset({Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST})
NEGATIVE = frozenset({Operator.NONE_OF, Operator.LACKS, Operator.UNLIKE})


class Nothing(Enum):
    """The answer to a filter that nothing can pass."""

    NOTHING = "nothing"


NOTHING = Nothing.NOTHING
Conditions = tuple[Condition, ...]
Read = Callable[[Any], Any]


def split(key: str) -> tuple[Operator, str]:
    """Return how a key compares and the name of its field."""
    for prefix, operator in PREFIXES:
        if key.startswith(prefix):
            return operator, key.removeprefix(prefix).strip()
    return Operator.EQUAL, key.strip()


def condition(operator: Operator, given: Any, field: str, read: Read) -> Condition | Nothing | None:
    """Return the condition; ``None`` if all pass it, ``NOTHING`` if none does.

    A comparison with nothing (say, with a reference that found nothing) is passed by none: it must cost
    no query. Only ``=`` and ``!=`` ask with an empty value whether the field is empty.
    """
    values = _values(given, read)
    if not values:
        if operator in WHEN_EMPTY and not isinstance(given, list | Mapping):
            return Condition(field, WHEN_EMPTY[operator])
        return None if operator in NEGATIVE or operator is Operator.NOT_EQUAL else NOTHING
    if len(values) > 1 and not operator.takes_several:
        operator = SEVERAL.get(operator, operator)
    if not operator.takes_several:
        values = values[:1]
    return Condition(field, operator, values)


def holds(condition: Condition, value: Any) -> bool:
    """Tell whether a field that always has this value passes."""
    is_empty = value in ("", None)
    match condition.operator:
        case Operator.EMPTY:
            return is_empty
        case Operator.FILLED:
            return not is_empty
        case Operator.EQUAL | Operator.ONE_OF:
            return value in condition.values
        case Operator.NOT_EQUAL | Operator.NONE_OF:
            return value not in condition.values
        case Operator.LACKS | Operator.UNLIKE:
            return is_empty
        case _:
            return False  # nothing is greater, less or like a field that nobody fills


def _values(given: Any, read: Read) -> tuple[Any, ...]:
    """Return the values that are not empty, as the field's own type."""
    items = given.values() if isinstance(given, Mapping) else given
    several = items if isinstance(given, list | Mapping) else (given,)
    return tuple(value for value in map(read, several) if value is not None)
