"""Conditions on the fields of a list, and its order: what is asked for, whoever asks and wherever it lies."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kernel.errors import InvalidError

# Enough for every program that asks for what it has just read; more belongs into several questions.
MOST_VALUES = 1_000
MOST_CONDITIONS = 50


class Operator(StrEnum):
    """How a field is compared. An empty field differs from every value, so ``NOT_EQUAL`` finds it."""

    EQUAL = "equal"
    NOT_EQUAL = "not_equal"
    GREATER = "greater"
    AT_LEAST = "at_least"
    LESS = "less"
    AT_MOST = "at_most"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    CONTAINS = "contains"  # one of the texts
    LACKS = "lacks"  # each of the texts
    LIKE = "like"  # one of the patterns, in which % stands for any text
    UNLIKE = "unlike"  # each of the patterns
    EMPTY = "empty"
    FILLED = "filled"

    @property
    def takes_several(self) -> bool:
        """Whether it compares with any number of values."""
        return self in _SEVERAL

    @property
    def takes_none(self) -> bool:
        """Whether it needs no value."""
        return self in _NONE


_SEVERAL = frozenset(
    {
        *(Operator.ONE_OF, Operator.NONE_OF, Operator.CONTAINS, Operator.LACKS),
        *(Operator.LIKE, Operator.UNLIKE),
    }
)
_NONE = frozenset({Operator.EMPTY, Operator.FILLED})


class TooManyConditionsError(InvalidError):
    """More is asked for at once than a list answers; ``limit`` is how much."""

    code = "too-many-conditions"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of one field; ``values`` are of the field's own type, and never ``None``.

    Raises ``TooManyConditionsError`` for more than ``MOST_VALUES``.
    """

    field: str
    operator: Operator
    values: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        """Check the number of values."""
        if len(self.values) > MOST_VALUES:
            raise TooManyConditionsError(limit=MOST_VALUES)
        expected = 0 if self.operator.takes_none else 1
        if not self.operator.takes_several and len(self.values) != expected:
            raise ValueError(f"{self.operator} takes {expected} values, not {len(self.values)}")


@dataclass(frozen=True, slots=True)
class Sorting:
    """By which field a list is sorted; equals are sorted by the next."""

    field: str
    is_descending: bool = False
