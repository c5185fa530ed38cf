"""References of one command of a batch to the results of earlier ones: ``$result[leads][49][ID]``.

A parameter that is nothing but a reference becomes the value itself, of any type; inside a longer text
it becomes its text. What is not found is empty, not an error: clients chain fifty commands and let
those behind the last page come to nothing.
"""

import re
from collections.abc import Mapping
from typing import Any

from portal.rest.method import CallError

MOST_REFERENCES = 100
"""In one text."""
LONGEST_TEXT = 1_048_576
"""Characters of a text with its references filled in."""
_REFERENCE = re.compile(r"\$result\[([^\[\]]*)\]((?:\[[^\[\]]*\])*)")


def resolved(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with every reference replaced."""
    return {name: _resolved(value, results) for name, value in parameters.items()}


def _resolved(value: Any, results: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _filled_in(value, results) if "$result[" in value else value
    if isinstance(value, dict):
        return resolved(value, results)
    if isinstance(value, list):
        return [_resolved(item, results) for item in value]
    return value


def _filled_in(text: str, results: Mapping[str, Any]) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole is not None:
        found = _found(whole, results)
        return "" if found is None else found
    pieces: list[str] = []
    end, length = 0, len(text)
    for count, reference in enumerate(_REFERENCE.finditer(text)):
        value = _text(_found(reference, results))
        length += len(value)
        if count >= MOST_REFERENCES or length > LONGEST_TEXT:
            raise CallError(400, "INVALID_REQUEST", "A parameter has too many references.")
        pieces += text[end : reference.start()], value
        end = reference.end()
    return "".join((*pieces, text[end:]))


def _found(reference: re.Match[str], results: Mapping[str, Any]) -> Any:
    """Walk from the result of the command down to the value; ``None`` if there is none."""
    value: Any = results.get(reference[1])
    for name in reference[2][1:-1].split("][") if reference[2] else ():
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and len(name) < 10:
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value


def _text(value: Any) -> str:
    """Return a value as a part of a text, as PHP would write it."""
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value) if isinstance(value, str | int | float) else ""
