"""The compatible methods that tell who the caller is and what access codes mean."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kernel.conditions import Condition, Operator
from portal.modules.company import wiring
from portal.modules.company.contracts import DepartmentId, UserId
from portal.modules.company.domain.structure import Tree, above
from portal.modules.company.errors import UserNotFoundError
from portal.modules.company.rest import access_names, person
from portal.rest.method import Call, Method

MOST_CODES = 200
EVERYBODY, AUTHORIZED, AUTHOR = "G2", "AU", "CR"
_CODE = re.compile(r"(IU|U|DR|D)([1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a code means: ``kind`` is U, IU, D or DR."""

    code: str
    kind: str
    id: int


async def _profile(call: Call) -> dict[str, Any]:
    user = await wiring.people(call.context.reader).find(UserId(call.caller.user_id))
    if user is None:
        raise UserNotFoundError(id=call.caller.user_id)
    gender = user.profile.gender
    return {
        "ID": str(user.id),
        "ADMIN": call.caller.role == "admin",
        "NAME": user.first_name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": person.GENDERS[gender] if gender else "",
        "TIME_ZONE": user.profile.time_zone,
    }


async def _is_administrator(call: Call) -> bool:
    return call.caller.role == "admin"


async def _has_access(call: Call) -> bool:
    codes = _codes(call)
    if call.caller.role == "admin" or {EVERYBODY, AUTHORIZED}.intersection(codes):
        return True
    subjects = list(_subjects(codes))
    me = UserId(call.caller.user_id)
    if any(subject.kind in {"U", "IU"} and subject.id == me for subject in subjects):
        return True
    if not any(subject.kind != "U" for subject in subjects):
        return False
    departments = await wiring.departments(call.context.reader).tree()
    return bool(await _codes_of(call, me, departments) & set(codes)) or await _heads_any_of(
        call, me, departments, [s.id for s in subjects if s.kind == "IU"]
    )


async def _codes_of(call: Call, user: UserId, departments: Tree) -> set[str]:
    """Return the codes that somebody has by the departments where he stands."""
    standing = await wiring.people(call.context.reader).departments_of(user)
    higher = {d for one in standing for d in above(departments, DepartmentId(one))}
    return {f"D{one}" for one in standing} | {f"DR{one}" for one in higher}


async def _heads_any_of(call: Call, user: UserId, departments: Tree, others: list[int]) -> bool:
    """Tell whether somebody heads a department where one of the others stands, or one above it."""
    people = wiring.people(call.context.reader)
    for other in others:
        for one in await people.departments_of(UserId(other)):
            path = above(departments, DepartmentId(one))
            if any(departments[d].head_id == user for d in path):
                return True
    return False


async def _names(call: Call) -> Any:
    codes = call.parameters.get("ACCESS")
    if not isinstance(codes, list | Mapping) or not codes:
        return False
    wanted = _codes(call)
    subjects, words = list(_subjects(wanted)), access_names.of(call.context.locale)
    people = await _people_called(call, {s.id for s in subjects if s.kind in {"U", "IU"}})
    departments = await _departments_called(call, {s.id for s in subjects if s.kind in {"D", "DR"}})
    named = {code: words.general(code) for code in wanted if code in access_names.GENERAL}
    for subject in subjects:
        name = (people if subject.kind in {"U", "IU"} else departments).get(subject.id)
        if name is not None:
            named[subject.code] = words.named(subject.kind, name)
    return named


async def _people_called(call: Call, ids: set[int]) -> Mapping[int, str]:
    wanted = [Condition("id", Operator.ONE_OF, tuple(ids))]
    finder = wiring.people_finder(call.context.reader)
    found = await finder.page(wanted, (), 0, len(ids)) if ids else []
    return {member.user.id: member.user.full_name for member in found}


async def _departments_called(call: Call, ids: set[int]) -> Mapping[int, str]:
    wanted = [Condition("id", Operator.ONE_OF, tuple(ids))]
    departments = wiring.departments(call.context.reader)
    found = await departments.page(wanted, (), 0, len(ids)) if ids else []
    return {department.id: department.name for department in found}


def _codes(call: Call) -> list[str]:
    """Return the codes that are asked about; one may stand alone."""
    given = call.parameters.get("ACCESS")
    several = call.parameters.list("ACCESS") if isinstance(given, list | Mapping) else [given]
    return [code for code in several if isinstance(code, str)][:MOST_CODES]


def _subjects(codes: Iterable[str]) -> Iterable[Subject]:
    """Return whom codes mean; those of groups and any other mean nobody here."""
    for code in codes:
        match = _CODE.fullmatch(code)
        if match and int(match[2]) < 2**63:
            yield Subject(code, match[1], int(match[2]))


METHODS = (
    Method("profile", (), _profile),
    Method("user.admin", (), _is_administrator),
    Method(
        "user.access", (), _has_access, differs="There are no groups yet, so G and SG are false."
    ),
    Method("access.name", (), _names, differs="There are no groups yet, so G and SG have no name."),
)
