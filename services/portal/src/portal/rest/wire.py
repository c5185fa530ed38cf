"""What stands on the wire, as parameters: JSON, forms and queries, with the nested names of PHP.

``fields[PHONE][0][VALUE]=1`` is ``{"fields": {"PHONE": [{"VALUE": "1"}]}}``. Brackets may be literal or
percent-encoded. All texts are UTF-8. Every limit is a name below, and what goes past one is refused
before it costs anything.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from python_multipart.multipart import parse_options_header

from portal.rest import multipart
from portal.rest.method import CallError

DEEPEST = 32
"""Levels of nesting, in brackets and in JSON alike; no documented parameter has more than 6."""
MOST_VALUES = 10_000
"""Values in one request, those in maps and lists included."""
LONGEST_NAME = 1_024
"""Bytes of a parameter's name with its brackets, decoded."""

JSON, FORM, MULTIPART = (
    b"application/json",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data",
)
Pairs = Iterable[tuple[str, str]]


class UnreadableRequestError(CallError):
    """The request cannot be read; nothing of it was done."""

    def __init__(self, why: str) -> None:
        super().__init__(400, "INVALID_REQUEST", why)


def parameters(query: bytes, content_type: str, body: bytes) -> dict[str, Any]:
    """Return the parameters of a request; those of the body win over those of the query."""
    return {**of_query(query), **of_body(content_type, body)}


def of_query(query: bytes) -> dict[str, Any]:
    """Return the parameters of a query, of a form, or of one command of a batch."""
    return nested(_pairs(query))


def of_body(content_type: str, body: bytes) -> dict[str, Any]:
    """Return the parameters of a body, by what it says it is; one that does not say may be JSON."""
    if not body:
        return {}
    kind, options = parse_options_header(content_type)
    if kind == MULTIPART:
        return nested(_parts(options.get(b"boundary", b""), body))
    if kind == JSON or (kind != FORM and body.lstrip()[:1] in {b"{", b"["}):
        return of_json(body)
    return of_query(body)


def of_json(body: bytes) -> dict[str, Any]:
    """Return the parameters of JSON: an object, or a list whose places are the names (PHP says ``[]``)."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreadableRequestError("The body is not JSON, or not UTF-8.") from None
    if isinstance(given, list):
        given = {str(place): value for place, value in enumerate(given)}
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise UnreadableRequestError("The body must be a JSON object.")
    _count(given, DEEPEST, 0)
    return given


def nested(pairs: Pairs) -> dict[str, Any]:
    """Return the maps that the bracketed names spell; a map with the names 0, 1, 2 … is a list."""
    root = _Map()
    for name, value in pairs:
        _put(root, list(path_of(name)), value)
    return {name: _finished(value) for name, value in root.items()}


def path_of(name: str) -> Iterator[str]:
    """Split ``a[b][]`` into ``a``, ``b`` and ``""``; a bracket that is never closed is a letter."""
    first, bracket, rest = name.partition("[")
    if not (first and bracket and "]" in rest):
        yield name
        return
    if name.count("[") >= DEEPEST:
        raise UnreadableRequestError(f"A parameter is nested in more than {DEEPEST} levels.")
    yield first
    while bracket and "]" in rest:
        inner, _, rest = rest.partition("]")
        yield inner
        before, bracket, rest = rest.partition("[")
        if before:
            return  # PHP, too, forgets what stands behind a closed bracket


class _Map(dict[str, Any]):
    """A map under construction, and the place of the next ``[]`` in it."""

    def __init__(self) -> None:
        super().__init__()
        self.following = 0

    def place(self, name: str) -> str:
        """Return the name; the next free number for an empty one."""
        name = name or str(self.following)
        if name.isascii() and name.isdigit() and len(name) < 10:
            self.following = max(self.following, int(name) + 1)
        return name


def _put(root: _Map, path: list[str], value: str) -> None:
    level = root
    for name in path[:-1]:
        place = level.place(name)
        below = level.get(place)
        if not isinstance(below, _Map):
            below = level[place] = _Map()
        level = below
    level[level.place(path[-1])] = value


def _finished(value: Any) -> Any:
    if not isinstance(value, _Map):
        return value
    done = {name: _finished(item) for name, item in value.items()}
    return list(done.values()) if is_list(done) else done


def is_list(value: Mapping[str, Any]) -> bool:
    """Tell whether the names are 0, 1, 2 … in this order: PHP knows no other lists."""
    return all(name == str(place) for place, name in enumerate(value))


def _pairs(query: bytes) -> Pairs:
    if query.count(b"&") >= MOST_VALUES:
        raise UnreadableRequestError(f"There are more than {MOST_VALUES} parameters.")
    for pair in query.split(b"&"):
        name, value = _halves(pair)
        if name:
            yield _name(_unquoted(name)), _text(_unquoted(value))


def _halves(pair: bytes) -> tuple[bytes, bytes]:
    """Split at the first ``=`` that is not part of the name: ``filter[>=ID]=5``, unencoded, is sent."""
    name, _, value = pair.partition(b"=")
    if name.count(b"[") > name.count(b"]") and b"]=" in value:
        end = pair.index(b"]=", len(name))
        return pair[: end + 1], pair[end + 2 :]
    return name, value


def _unquoted(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _name(name: bytes) -> str:
    if len(name) > LONGEST_NAME:
        raise UnreadableRequestError(f"A parameter's name is longer than {LONGEST_NAME} bytes.")
    return _text(name).strip()


def _text(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise UnreadableRequestError("The parameters are not UTF-8.") from None


def _count(value: Any, levels: int, seen: int) -> int:
    """Count the values below; raise if there are too many or they are nested too deeply."""
    if levels < 0:
        raise UnreadableRequestError(f"A parameter is nested in more than {DEEPEST} levels.")
    items: Iterable[Any] = value.values() if isinstance(value, dict) else value
    seen += len(value)
    if seen > MOST_VALUES:
        raise UnreadableRequestError(f"There are more than {MOST_VALUES} parameters.")
    for item in items:
        if isinstance(item, dict | list):
            seen = _count(item, levels - 1, seen)
    return seen


def _parts(boundary: bytes, body: bytes) -> Pairs:
    try:
        found = multipart.fields(boundary, body, most=MOST_VALUES)
    except multipart.BrokenFormError:
        raise UnreadableRequestError(
            "The body is not a multipart form, or has too many parts."
        ) from None
    return [(_name(name), _text(value)) for name, value in found]
