"""What fields are called, in the languages of the product; each module writes its own ``titles.toml``."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from kernel.messages import DEFAULT_LOCALE, LOCALES
from portal.rest.fields import Field, Fields

Tables = Mapping[str, Fields]
"""The same table of fields once for each language."""


def by_locale(path: Path, family: str, fields: Iterable[Field]) -> Tables:
    """Return the table of a family of fields; one without titles bears its name."""
    titles = tomllib.loads(path.read_text(encoding="utf-8"))[family]
    rows = tuple(fields)
    return {
        locale: Fields(replace(row, title=titles.get(row.name, {}).get(locale, "")) for row in rows)
        for locale in LOCALES
    }


def of(tables: Tables, locale: str) -> Fields:
    """Return the table in a language, else in English."""
    return tables.get(locale, tables[DEFAULT_LOCALE])
