"""The name a browser saves a file under (RFC 6266, RFC 8187)."""

import re
from urllib.parse import quote

_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]")  # a directory, or another header
_NOT_PLAIN = re.compile(r'[^\x20-\x7e]|["%]')  # some browsers undo %41 where they should not
_ATTRIBUTE_CHARACTERS = "!#$&+-.^_`|~"  # RFC 8187 attr-char beyond letters and digits


def attachment(name: str) -> str:
    """Return a ``Content-Disposition`` that saves as ``name``, in any alphabet, in any browser."""
    return f"attachment; {_named(name)}"


def inline(name: str) -> str:
    """Return a ``Content-Disposition`` that shows the file, and saves it as ``name`` if asked to."""
    return f"inline; {_named(name)}"


def _named(name: str) -> str:
    name = _UNSAFE.sub("_", name)
    plain = _NOT_PLAIN.sub("_", name)
    exact = quote(name, safe=_ATTRIBUTE_CHARACTERS, errors="replace")
    return f"filename=\"{plain}\"; filename*=UTF-8''{exact}"
