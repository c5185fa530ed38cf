"""What a file may be called."""

import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

from portal.modules.drive.errors import NameInvalidError

LONGEST_NAME = 255
MOST_ALTERNATIVES = 99

_SEPARATORS = frozenset("/\\")
# Cc: control characters; Cs: halves of a character; Zl, Zp: line breaks
_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# These turn the direction of writing: "annual_<U+202E>fdp.exe" is shown as "annual_exe.pdf"
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def checked(name: str) -> str:
    """Return the name in the form it is kept in, or raise ``NameInvalidError``.

    Composed (NFC), because one keyboard sends й as one character and another as two.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= LONGEST_NAME or name in {".", ".."} or any(map(_is_bad, name)):
        raise NameInvalidError(longest=LONGEST_NAME)
    return name


def alternatives(name: str) -> Iterator[str]:
    """Yield what a file may be called if its name is taken: ``Отчёт (1).pdf``, then ``(2)``, and so on."""
    suffix = PurePosixPath(name).suffix
    stem = name.removesuffix(suffix)
    for number in range(1, MOST_ALTERNATIVES + 1):
        ending = f" ({number}){suffix}"
        yield stem[: LONGEST_NAME - len(ending)] + ending


def _is_bad(character: str) -> bool:
    return (
        character in _SEPARATORS
        or character in _TURNING
        or unicodedata.category(character) in _CATEGORIES
    )
