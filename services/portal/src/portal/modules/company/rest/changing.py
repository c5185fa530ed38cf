"""The compatible methods that add and change people: user.add, user.update."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from portal.modules.company import wiring
from portal.modules.company.contracts import UserId
from portal.modules.company.domain.people import Editor
from portal.modules.company.rest import failures, person
from portal.modules.company.rest.failures import refusal
from portal.modules.company.schemas.people import UserPatch
from portal.modules.company.wiring import identity
from portal.rest import titles
from portal.rest.fields import Kind
from portal.rest.method import Call, Method, is_true

SCOPE = ("user",)
_TABLE = titles.of(person.ALL, "en")
_TEXTS = frozenset(row.ours for row in person.ROWS if row.kind is Kind.STRING) - {"gender"}
_GENDERS = {letter: gender for gender, letter in person.GENDERS.items()}
NOT_KEPT = f"What is written into these is not kept: {', '.join(person.NOT_KEPT)}."


async def _add(call: Call) -> int:
    """Invite somebody; return his id."""
    if call.caller.role != "admin":
        raise refusal(failures.ACCESS_DENIED)
    if is_true(call.parameters.get("EXTRANET")):
        raise refusal(failures.NO_EXTRANET)
    given = _given(call)
    email, departments = given.pop("email", None), given.pop("department_ids", ())
    if not email:
        raise refusal(failures.WRONG_EMAIL)
    if not departments:
        raise refusal(failures.NO_DEPARTMENT)
    with failures.documented(person.ROWS):
        known = _checked({**given, "department_ids": departments})
        departments = known.pop("department_ids")
        people = wiring.people_of(call.context)
        by = UserId(call.caller.user_id)
        return (await people.invite_new(_address(email), by, departments, known)).id


async def _update(call: Call) -> bool:
    """Change a person; whether he is active, too."""
    user_id = UserId(call.parameters.integer("ID") or 0)
    editor = Editor(UserId(call.caller.user_id), call.caller.role == "admin")
    given = _given(call)
    is_active = given.pop("is_active", None)
    with failures.documented(person.ROWS):
        checked = _checked(given)
        member = await wiring.profiles_of(call.context, editor).update(user_id, checked)
        if is_active is not None and is_active != member.user.is_active:
            await _engage(call, editor, user_id, is_active=is_active)
    return True


async def _engage(call: Call, editor: Editor, user_id: UserId, *, is_active: bool) -> None:
    if not editor.is_administrator:
        raise refusal(failures.ACCESS_DENIED)
    people = wiring.people_of(call.context)
    if is_active:
        await people.restore(user_id, editor.user_id)
    else:
        await people.dismiss(user_id, editor.user_id)
        identity.forget_sessions(call.context)


def _given(call: Call) -> dict[str, Any]:
    """Return what was sent, by our names; an empty text is one, an empty gender is none."""
    read = _TABLE.read(call.parameters.values)
    given = {n: "" if v is None and n in _TEXTS else v for n, v in read.items()}
    if given.get("gender"):
        letter = str(given["gender"]).strip().upper()
        given["gender"] = _GENDERS.get(letter, letter)
    return given


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is given as the native API would take it; raises ``ValidationError``."""
    return UserPatch.model_validate(given).given()


def _address(email: str) -> str:
    try:
        return str(_checked({"email": email})["email"])
    except ValidationError:
        raise refusal(failures.WRONG_EMAIL) from None


METHODS = (
    Method(
        "user.add",
        SCOPE,
        _add,
        writes=True,
        differs=f"Extranet users cannot be added yet. {NOT_KEPT}",
    ),
    Method(
        "user.update",
        SCOPE,
        _update,
        writes=True,
        differs=f"Everybody may change himself, but for what the company says of him. {NOT_KEPT}",
    ),
)
