"""Texts for people, in the languages of the product, loaded from ``messages.toml`` files.

A file holds one table per code: ``["lead-not-found"]`` with keys ``en``, ``ru``, ``uk``, ``de``, each a
``str.format`` template over the error's values.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

LOCALES = ("en", "ru", "uk", "de")
DEFAULT_LOCALE = "en"


class Catalogue:
    """Texts by code and locale; falls back to English, then to the code itself."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        self._texts = texts

    @property
    def codes(self) -> frozenset[str]:
        """Every code that has a text."""
        return frozenset(self._texts)

    def missing(self) -> list[str]:
        """Return ``code/locale`` for each text that is not there."""
        return [f"{c}/{loc}" for c, t in self._texts.items() for loc in LOCALES if loc not in t]

    def text(self, code: str, locale: str, values: Mapping[str, object]) -> str:
        """Return the text of ``code``; a value the template does not name is ignored."""
        by_locale = self._texts.get(code, {})
        template = by_locale.get(locale) or by_locale.get(DEFAULT_LOCALE) or code
        try:
            return template.format_map(values)
        except (KeyError, IndexError, ValueError):
            return template  # a text with a hole is better than no answer


def load(paths: Iterable[Path]) -> Catalogue:
    """Read and merge the files; the same code in two files is a mistake and raises."""
    texts: dict[str, dict[str, str]] = {}
    for path in paths:
        for code, by_locale in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if code in texts:
                raise ValueError(f"{path}: the text of {code!r} is already defined elsewhere")
            texts[code] = by_locale
    return Catalogue(texts)


def negotiate(accept_language: str | None, fallback: str = DEFAULT_LOCALE) -> str:
    """Choose one of our locales from an ``Accept-Language`` header (RFC 9110 §12.5.4)."""
    best, best_quality = fallback, 0.0
    for item in (accept_language or "").split(","):
        tag, _, parameters = item.strip().partition(";")
        language = tag.split("-")[0].lower()
        quality = _quality(parameters)
        if language in LOCALES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    _, _, value = parameters.partition("q=")
    try:
        return float(value) if value else 1.0
    except ValueError:
        return 0.0
