"""Which name a portal may have. Pure rules over data files; no network.

A name is what a person types: ``Acme``, ``компания``, ``xn--80aswg``. It is stored as a label: lower case,
IDNA 2008 A-label. Forbidden words are matched against the whole label and against each of its parts
between hyphens, never against a piece of a word, so that ``scunthorpe`` and ``essex`` stay possible.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import idna

SHORTEST, LONGEST = 3, 63
_PREFIX = b"xn--"
_WORDS = Path(__file__).parent / "words"


class Flaw(StrEnum):
    """Why a name cannot be used."""

    LENGTH = "length"
    CHARACTERS = "characters"
    DIGITS_ONLY = "digits-only"
    MIXED_ALPHABETS = "mixed-alphabets"
    RESERVED = "reserved"
    PROFANITY = "profanity"


class NameRefusedError(ValueError):
    """The name breaks a rule; ``flaw`` says which."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class ForbiddenWords:
    """Words in their Unicode form. Reserved: the whole label. Profane: the label or one part of it."""

    reserved: frozenset[str]
    profane: frozenset[str]

    @classmethod
    def load(cls, folder: Path = _WORDS) -> Self:
        """Read ``reserved.txt`` and ``profanity/<language>.txt``."""
        languages = sorted((folder / "profanity").glob("*.txt"))
        profane = (word for language in languages for word in _words(language))
        return cls(frozenset(_words(folder / "reserved.txt")), frozenset(profane))


def label_of(name: str, forbidden: ForbiddenWords) -> str:
    """Return the label under which the name is stored; raise ``NameRefusedError``."""
    label, text = _idna(name)
    if not SHORTEST <= len(label) <= LONGEST:
        raise NameRefusedError(Flaw.LENGTH)
    if all(character.isdigit() for character in text):
        raise NameRefusedError(Flaw.DIGITS_ONLY)
    if len({_alphabet(c) for c in text if c.isalpha()}) > 1:
        # the Cyrillic "а" in a Latin "pаypal" is how names are counterfeited
        raise NameRefusedError(Flaw.MIXED_ALPHABETS)
    if text in forbidden.reserved:
        raise NameRefusedError(Flaw.RESERVED)
    if not forbidden.profane.isdisjoint([text, *text.split("-")]):
        raise NameRefusedError(Flaw.PROFANITY)
    return label


def _idna(name: str) -> tuple[str, str]:
    """Return the A-label and its Unicode form; both say the same, or the name is refused."""
    if not 0 < len(name) <= LONGEST:
        raise NameRefusedError(Flaw.LENGTH)
    try:
        mapped = idna.uts46_remap(name)
        if not mapped.isascii() and len(_PREFIX + mapped.encode("punycode")) > LONGEST:
            raise NameRefusedError(Flaw.LENGTH)
        label = idna.alabel(mapped).decode()
        text = idna.ulabel(label)
        again = idna.alabel(text).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise NameRefusedError(Flaw.CHARACTERS) from error
    if again != label:
        raise NameRefusedError(Flaw.CHARACTERS)
    return label, text


def _alphabet(letter: str) -> str:
    """Return the first word of a letter's Unicode name: LATIN, CYRILLIC, GREEK and so on."""
    return unicodedata.name(letter, "UNNAMED").partition(" ")[0]


def _words(file: Path) -> Iterable[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        word = line.strip()
        if word and not word.startswith("#"):
            yield word
