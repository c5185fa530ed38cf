"""``crm.enum.*`` and ``crm.multifield.fields``: numbers and forms that are the same in every portal."""

import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kernel.messages import LOCALES
from portal.modules.crm.rest import titles
from portal.rest.fields import Field, Kind
from portal.rest.method import Call, Method

_ENUM = titles.by_locale(
    "enum",
    (
        Field("ID", "id", Kind.INTEGER, is_read_only=True),
        Field("NAME", "name", Kind.STRING, is_read_only=True),
        Field("SYMBOL_CODE", "code", Kind.STRING, is_read_only=True),
        Field("SYMBOL_CODE_SHORT", "short", Kind.STRING, is_read_only=True),
    ),
)
_MULTIFIELD = titles.by_locale(
    "multifield",
    (
        Field("ID", "id", Kind.INTEGER, is_read_only=True),
        Field("TYPE_ID", "kind", Kind.STRING, is_read_only=True),
        Field("VALUE", "value", Kind.STRING),
        Field("VALUE_TYPE", "type", Kind.STRING),
    ),
)
_DIFFERS = {
    "ownertype": "lists the documented types, also those which have no module here yet, and no "
    "smart processes",
}


def _items(rows: Sequence[Mapping[str, Any]], locale: str) -> list[dict[str, Any]]:
    return [
        {
            "ID": row["id"],
            "NAME": row["name"][locale],
            "SYMBOL_CODE": row.get("code"),
            "SYMBOL_CODE_SHORT": row.get("short"),
        }
        for row in rows
    ]


_ITEMS: Mapping[str, Mapping[str, list[dict[str, Any]]]] = {
    name: {locale: _items(rows, locale) for locale in LOCALES}
    for name, rows in tomllib.loads(
        Path(__file__).with_name("enums.toml").read_text(encoding="utf-8")
    ).items()
}


def lead_word(locale: str) -> str:
    """Return what any lead is called."""
    name: str = _ITEMS["ownertype"][locale][0]["NAME"]
    return name


def _listing(name: str) -> Callable[[Call], Awaitable[Any]]:
    async def run(call: Call) -> list[dict[str, Any]]:
        return _ITEMS[name][call.context.locale]

    return run


async def describe_enum(call: Call) -> dict[str, Any]:
    """``crm.enum.fields``."""
    return titles.of(_ENUM, call.context.locale).described()


async def describe_multifield(call: Call) -> dict[str, Any]:
    """``crm.multifield.fields``."""
    return titles.of(_MULTIFIELD, call.context.locale).described()


METHODS = (
    Method("crm.enum.fields", ("crm",), describe_enum),
    *(
        Method(f"crm.enum.{name}", ("crm",), _listing(name), differs=_DIFFERS.get(name, ""))
        for name in _ITEMS
    ),
    Method("crm.multifield.fields", ("crm",), describe_multifield),
)
