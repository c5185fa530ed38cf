"""``crm.duplicate.findbycomm``: whose phone number or address of mail it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.modules.crm import wiring
from portal.modules.crm.contracts import CardKind
from portal.rest.method import Call, CallError, Method

MOST_VALUES = 20
MOST_FOUND = 20
"""Of one kind; so many are a switchboard's, and no further kind is looked at."""
KINDS: Mapping[str, CardKind] = {"LEAD": CardKind.LEAD, "CONTACT": CardKind.CONTACT}
NOT_YET = frozenset({"COMPANY"})


async def find_by_communication(call: Call) -> dict[str, list[int]]:
    """``crm.duplicate.findbycomm``."""
    kinds, (phones, emails) = _kinds(call), _sought(call)
    reached = await wiring.cards_reached_by(call.context.reader, phones, emails)
    found: dict[str, list[int]] = {}
    for name, kind in kinds.items():
        cards = list(reached.get(kind, ()))[:MOST_FOUND]
        if cards:
            found[name] = cards
        if len(cards) == MOST_FOUND:
            break
    return found


def _kinds(call: Call) -> Mapping[str, CardKind]:
    name = (call.parameters.text("entity_type") or "").strip().upper()
    if not name:
        return KINDS
    if name not in KINDS and name not in NOT_YET:
        raise CallError(400, "", f"Entity type '{name}' is not supported in current context")
    return {name: KINDS[name]} if name in KINDS else {}


def _sought(call: Call) -> tuple[Sequence[str], Sequence[str]]:
    """Return the phone numbers and the addresses of mail that were sent."""
    kind = (call.parameters.text("type") or "").strip().upper()
    if not kind:
        raise CallError(400, "", "Communication type is not defined")
    if kind not in {"PHONE", "EMAIL"}:
        text = f"Communication type '{kind}' is not supported in current context"
        raise CallError(400, "", text)
    values = [_text(value) for value in _values(call.parameters.get("values"))[:MOST_VALUES]]
    values = [value for value in values if value]
    if not values:
        raise CallError(400, "", "Communication values is not defined")
    return (values, []) if kind == "PHONE" else ([], values)


def _values(sent: Any) -> list[Any]:
    if isinstance(sent, Mapping):
        return list(sent.values())
    return sent if isinstance(sent, list) else [sent]


def _text(value: Any) -> str:
    """Return one value; what is no text is none that anybody could have."""
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value).strip() if is_text else ""


METHODS = (
    Method(
        "crm.duplicate.findbycomm",
        ("crm",),
        find_by_communication,
        differs="There are no companies yet, so none is found.",
    ),
)
