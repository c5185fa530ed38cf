"""Phones, addresses and the like: several values of one field, each with an id of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.rest.method import CallError, integer_of


@dataclass(frozen=True, slots=True)
class Given:
    """One value as it was sent; with an ``id`` it changes or deletes the one that is there.

    ``value`` and ``value_type`` are ``None`` where they were not sent.
    """

    id: int | None
    value: str | None
    value_type: str | None
    is_deleted: bool


def read(name: str, value: Any) -> list[Given]:
    """Return the values that were sent for the field ``name``: of maps, or of one."""
    if value is None or value is False or value == "":
        return []
    if isinstance(value, Mapping) and "VALUE" in _upper(value):
        value = [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise CallError(400, "", f"Invalid value of field {name}.")
    return [_one(name, _upper(item)) for item in value]


def render(type_id: str, identifier: int, value: str, value_type: str) -> dict[str, str]:
    """Return one value as it goes over the wire; ``type_id`` is the field's name."""
    return {"ID": str(identifier), "VALUE_TYPE": value_type, "VALUE": value, "TYPE_ID": type_id}


def _one(name: str, item: Mapping[str, Any]) -> Given:
    texts = item.get("VALUE"), item.get("VALUE_TYPE")
    if not all(text is None or isinstance(text, str | int) for text in texts):
        raise CallError(400, "", f"Invalid value of field {name}.")
    value, value_type = (None if text is None else str(text) for text in texts)
    identifier = integer_of(item.get("ID"))
    is_deleted = str(item.get("DELETE", "")).upper() == "Y"
    return Given(identifier or None, value, value_type, is_deleted)


def _upper(item: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).upper(): value for name, value in item.items()}
