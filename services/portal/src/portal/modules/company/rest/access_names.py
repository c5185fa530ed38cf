"""What access codes are called, in the languages of the product."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel.messages import DEFAULT_LOCALE, LOCALES

GENERAL = frozenset({"G2", "AU", "CR"})
PROVIDERS = {"U": "user", "IU": "intranet", "D": "intranet", "DR": "intranet"}

_WORDS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    Path(__file__).with_name("access_names.toml").read_text(encoding="utf-8")
)

Named = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    locale: str

    def general(self, code: str) -> Named:
        """Return the name of a code that means no one in particular."""
        return {"provider": "", "name": _WORDS[code][self.locale], "provider_id": "other"}

    def named(self, kind: str, name: str) -> Named:
        """Return the name of a code that means this person or department."""
        form = _WORDS.get(f"name of {kind}", {}).get(self.locale, "{name}")
        provider_id = PROVIDERS[kind]
        provider = _WORDS["user" if kind in {"U", "IU"} else "department"][self.locale]
        return {"provider": provider, "name": form.format(name=name), "provider_id": provider_id}


def of(locale: str) -> Words:
    """Return the words of a language, else the English ones."""
    return Words(locale if locale in LOCALES else DEFAULT_LOCALE)
