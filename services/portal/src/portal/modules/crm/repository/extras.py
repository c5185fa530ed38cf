"""What few leads have, in one column: read and written only where there is something.

``ids`` holds those of phones and emails when they are not simply their places. A node of the version before
changes ``communications`` without them, so they count only while their number is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any, TypeVar

import orjson

from portal.modules.crm.domain.communications import Email, Entry, Messenger, Phone, Web
from portal.modules.crm.domain.leads import LeadDetails
from portal.modules.crm.domain.parts import NOWHERE, UNMARKED, Address, Utm
from portal.modules.crm.errors import CustomTooLargeError

LARGEST_CUSTOM = 256 * 1024

T = TypeVar("T", bound=Entry)

_LISTS: Mapping[str, type[Web | Messenger]] = {"webs": Web, "messengers": Messenger}
_PARTS: Mapping[str, Address | Utm] = {"address": NOWHERE, "utm": UNMARKED}
_PLAIN = ("honorific", "source_description", "status_description", "is_amount_manual")


def packed_extras(details: LeadDetails) -> str | None:
    """Return the column, ``None`` when there is nothing to say."""
    said: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(details, name))}
    if details.birth_date is not None:
        said["birth_date"] = details.birth_date
    for name, nothing in _PARTS.items():
        part = getattr(details, name)
        if part != nothing:
            said[name] = {field: text for field, text in asdict(part).items() if text}
    for name in _LISTS:
        if entries := getattr(details, name):
            said[name] = [[entry.id, entry.value, entry.type] for entry in entries]
    if ids := _ids(details):
        said["ids"] = ids
    return orjson.dumps(said).decode() if said else None


def unpacked_extras(
    stored: str, phones: tuple[Phone, ...], emails: tuple[Email, ...]
) -> tuple[tuple[Phone, ...], tuple[Email, ...], dict[str, Any]]:
    """Return phones and emails with their ids, and the other fields of ``LeadDetails``."""
    said: dict[str, Any] = orjson.loads(stored)
    details = {name: said[name] for name in _PLAIN if name in said}
    for name, kind in _LISTS.items():
        if name in said:
            details[name] = tuple(kind(value, of, n) for n, value, of in said[name])
    if "birth_date" in said:
        details["birth_date"] = date.fromisoformat(said["birth_date"])
    for name, nothing in _PARTS.items():
        if name in said:
            details[name] = replace(nothing, **said[name])
    ids = said.get("ids", {})
    return (
        _with_ids(phones, ids.get("phones", ())),
        _with_ids(emails, ids.get("emails", ())),
        details,
    )


def packed_custom(custom: Mapping[int, Any]) -> str | None:
    """Return the column ``custom``; raises ``CustomTooLargeError``."""
    stored = orjson.dumps({f"f{key}": value for key, value in custom.items()})
    if len(stored) > LARGEST_CUSTOM:
        raise CustomTooLargeError(limit=LARGEST_CUSTOM)
    return stored.decode() if custom else None


def unpacked_custom(stored: str) -> dict[int, Any]:
    """Return what ``packed_custom`` made."""
    return {int(key[1:]): value for key, value in orjson.loads(stored).items()}


def _ids(details: LeadDetails) -> dict[str, list[int]]:
    lists: Mapping[str, Sequence[Entry]] = {"phones": details.phones, "emails": details.emails}
    ids = {name: [entry.id for entry in entries] for name, entries in lists.items()}
    return {name: given for name, given in ids.items() if given != list(range(1, len(given) + 1))}


def _with_ids(entries: tuple[T, ...], ids: Sequence[int]) -> tuple[T, ...]:
    if len(ids) != len(entries):
        return entries
    return tuple(replace(entry, id=n) for entry, n in zip(entries, ids, strict=True))
