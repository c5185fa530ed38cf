"""The compatible methods that read people: user.get, user.search, user.current, user.fields."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from kernel.conditions import Condition, Operator
from portal.modules.company import wiring
from portal.modules.company.contracts import UserId
from portal.modules.company.domain.people import Member, normalised_email
from portal.modules.company.errors import UserNotFoundError
from portal.modules.company.rest import person
from portal.rest import titles
from portal.rest.fields import Field, Fields
from portal.rest.filters import NOTHING
from portal.rest.method import PAGE, Call, Listed, Method

# Top-level names that are no filter
RESERVED = frozenset({"filter", "sort", "order", "select", "start", "admin_mode", "image_resize"})
# What user.search compares from the beginning
SEARCHED = frozenset({"first_name", "last_name", "middle_name", "position", "department_name"})
MOST_WORDS = 10
PLAIN = frozenset({Operator.EQUAL, Operator.ONE_OF})
NOT_KNOWN = (
    "It is not known when somebody was last active: IS_ONLINE is N, LAST_ACTIVITY_DATE empty. "
    "All people are employees. Of photos, fax, pager, messengers and social networks nothing is kept."
)

Adapt = Callable[[Condition], Iterable[Condition]]


async def _get(call: Call) -> Listed:
    return await _listed(call, _as_got)


async def _search(call: Call) -> Listed:
    return await _listed(call, _as_searched)


async def _current(call: Call) -> dict[str, Any]:
    member = await wiring.people(call.context.reader).find_member(UserId(call.caller.user_id))
    if member is None:
        raise UserNotFoundError(id=call.caller.user_id)
    table = _table(call)
    return table.render(person.values_of(member), _selected(table, call))


async def _fields(call: Call) -> dict[str, str]:
    return {name: row["title"] for name, row in _table(call).described().items()}


async def _listed(call: Call, adapt: Adapt) -> Listed:
    table, start = _table(call), call.parameters.start
    conditions = _filters(table).conditions(_filter(call))
    if conditions is NOTHING:
        return Listed((), total=0, start=start)
    adapted = [c for condition in conditions for c in adapt(condition)]
    finder = wiring.people_finder(call.context.reader)
    found = await finder.page(adapted, table.order(_order(call)), start.offset, PAGE)
    total = None
    if start.is_counted:
        total = start.offset + len(found)
        if len(found) == PAGE or (start.offset and not found):
            total = await finder.count(adapted)
    return Listed(_rendered(table, found, call), total=total, start=start.offset)


def _table(call: Call) -> Fields:
    return titles.of(person.visible_to(call.caller), call.context.locale)


def _filters(table: Fields) -> Fields:
    """Return by what one may look: what one may see, and besides."""
    return table.with_more(person.LOOKED_FOR)


def _rendered(table: Fields, members: Iterable[Member], call: Call) -> list[dict[str, Any]]:
    selected = _selected(table, call)
    return [table.render(person.values_of(member), selected) for member in members]


def _selected(table: Fields, call: Call) -> tuple[Field, ...]:
    return table.selected(call.parameters.list("select") or ("*", "UF_*"))


def _filter(call: Call) -> Mapping[str, Any]:
    """Return the filter, of which each name may also stand at the top."""
    values = call.parameters.values
    top = {name: value for name, value in values.items() if name not in RESERVED}
    return {**top, **call.parameters.map("filter")}


def _order(call: Call) -> Mapping[str, Any]:
    """Return the order: a field and its direction, or a map as of other lists."""
    direction = call.parameters.get("order")
    if isinstance(direction, Mapping):
        return direction
    return {str(call.parameters.get("sort") or "ID"): direction or "ASC"}


def _as_got(condition: Condition) -> Iterable[Condition]:
    """Return the condition as user.get means it: a text with % is a pattern even without a prefix."""
    if condition.field == "found_by":
        return _words(condition)
    if condition.field == "email":
        condition = _changed(condition, normalised_email)
    if condition.field == "gender":
        condition = _changed(condition, _gender)
    texts = [value for value in condition.values if isinstance(value, str)]
    if condition.operator in PLAIN and any("%" in text for text in texts):
        return (replace(condition, operator=Operator.LIKE),)
    return (condition,)


def _as_searched(condition: Condition) -> Iterable[Condition]:
    """Return the condition as user.search means it: names by their beginning."""
    if condition.field in SEARCHED and condition.operator in PLAIN:
        beginning = _changed(condition, lambda text: f"{text}%")
        return (replace(beginning, operator=Operator.LIKE),)
    return _as_got(condition)


def _words(condition: Condition) -> Iterable[Condition]:
    """Return what finds people by several words: each begins a word of theirs."""
    words = " ".join(map(str, condition.values)).split()[:MOST_WORDS]
    return [Condition("found_by", Operator.LIKE, (f"% {word}%",)) for word in words]


def _changed(condition: Condition, change: Callable[[str], str]) -> Condition:
    return replace(condition, values=tuple(change(str(value)) for value in condition.values))


def _gender(letter: str) -> str:
    known = {letter: gender.value for gender, letter in person.GENDERS.items()}
    return known.get(letter.strip().upper(), letter)


METHODS = (
    Method("user.get", person.SCOPES, _get, differs=NOT_KNOWN),
    Method("user.search", person.SCOPES, _search, differs=NOT_KNOWN),
    Method("user.current", person.SCOPES, _current, differs=NOT_KNOWN),
    Method("user.fields", person.SCOPES, _fields),
)
