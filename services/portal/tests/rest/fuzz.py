"""Fuzzes what reads requests, guided by coverage: ``make rest-fuzz``.

Anything but a documented error ends it, and so do two seconds or half a gigabyte for one input.
"""

import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import atheris

from kernel.conditions import TooManyConditionsError

with atheris.instrument_imports(include=["portal.rest"]):
    from portal.rest import wire
    from portal.rest.address import Address
    from portal.rest.batch import Command
    from portal.rest.fields import Field, Fields, Kind
    from portal.rest.method import CallError, Parameters
    from portal.rest.references import resolved

WORDS = Path(__file__).with_suffix(".dict")
KINDS = (
    *("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
    "",
)
FIELDS = Fields([Field(kind.name, kind.name.lower(), kind) for kind in Kind])
SEVERAL = Fields([Field(kind.name, kind.name.lower(), kind, is_multiple=True) for kind in Kind])


def one_input(data: bytes) -> None:
    """Read the bytes as a request, as a command with references, and as a filter."""
    provider = atheris.FuzzedDataProvider(data)
    kind = KINDS[provider.ConsumeIntInRange(0, len(KINDS) - 1)]
    query = provider.ConsumeBytes(provider.ConsumeIntInRange(0, 200))
    body = provider.ConsumeBytes(provider.remaining_bytes())
    for read in (_request, _command, _filter):
        with suppress(CallError):
            read(kind, query, body)


def _request(kind: str, query: bytes, body: bytes) -> None:
    parameters = Parameters(wire.parameters(query, kind, body))
    Address.of(query.decode("latin-1"))
    for name in ("id", "a", "filter"):
        for take in (parameters.map, parameters.text, parameters.integer, parameters.flag):
            with suppress(CallError):
                take(name)


def _command(kind: str, query: bytes, body: bytes) -> None:
    results: dict[str, Any] = wire.of_body(kind, body)
    command = Command.of("a", query.decode("latin-1"))
    resolved(wire.of_query(command.query), {"a": results, **results})


def _filter(kind: str, query: bytes, body: bytes) -> None:
    given = wire.of_body(kind, body)
    for fields in (FIELDS, SEVERAL):
        for use in (fields.conditions, fields.read, fields.order, fields.selected):
            with suppress(CallError, TooManyConditionsError):
                use(given)


def main() -> None:
    """Run until libFuzzer's own arguments say stop."""
    logging.disable()  # of what is no multipart form its parser writes a line
    options = ["-timeout=2", "-rss_limit_mb=512", "-max_len=4096", f"-dict={WORDS}"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
