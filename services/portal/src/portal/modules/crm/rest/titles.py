"""What the fields and things of the CRM are called, in the languages of the product: ``titles.toml``."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from kernel.messages import DEFAULT_LOCALE
from portal.rest import titles
from portal.rest.fields import Field

PATH = Path(__file__).with_name("titles.toml")
_TITLES: Mapping[str, Mapping[str, Mapping[str, str]]] = tomllib.loads(
    PATH.read_text(encoding="utf-8")
)
of = titles.of


def by_locale(family: str, fields: Iterable[Field]) -> titles.Tables:
    """Return the table of a family of fields once for each language."""
    return titles.by_locale(PATH, family, fields)


def name_of(family: str, name: str, locale: str) -> str:
    """Return the title of one thing in a language, else in English; its name if it has none."""
    names = _TITLES[family].get(name, {})
    return names.get(locale) or names.get(DEFAULT_LOCALE) or name
