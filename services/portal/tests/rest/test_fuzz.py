"""Whatever is sent, the parser, the references and the filters refuse or read it, quickly.

``REST_FUZZ_EXAMPLES`` makes a long run of it (``make rest-fuzz``).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.conditions import TooManyConditionsError
from portal.rest import multifields, wire
from portal.rest.address import Address
from portal.rest.batch import Command
from portal.rest.fields import Field, Fields, Kind
from portal.rest.filters import PREFIXES
from portal.rest.method import CallError, Parameters
from portal.rest.references import resolved

LONG = int(os.environ.get("REST_FUZZ_EXAMPLES", "100"))
any_time = settings(
    max_examples=LONG,
    deadline=timedelta(seconds=10),  # for a machine that stalls; what explodes takes for ever
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FIELDS = Fields([Field(kind.name, kind.name.lower(), kind) for kind in Kind])
SEVERAL = Fields([Field(kind.name, kind.name.lower(), kind, is_multiple=True) for kind in Kind])

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
words = st.sampled_from(
    [
        *(
            "a",
            "[",
            "]",
            "[]",
            "[0]",
            "=",
            "&",
            "%5B",
            "%5D",
            "%",
            "+",
            "%25",
            "filter",
            "cmd",
            "\0",
        ),
        *("$result", "$result[", "$result[a]", "[ID]", "%24result%5Ba%5D", "ÿ", "[>=ID]", ";"),
    ]
)
queries = st.lists(words | st.text(max_size=4), max_size=40).map("".join)
kinds = st.sampled_from(
    [
        *("application/json", "application/x-www-form-urlencoded", "", 'text/xml; a="b'),
        *(
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            'MULTIPART/FORM-DATA; boundary=""',
        ),
    ]
)
parts = st.lists(
    st.sampled_from([b"--x", b"\r\n", b"--", b"Content-Disposition: form-data; name=", b'"a[b]"'])
    | st.binary(max_size=8),
    max_size=30,
).map(b"".join)
keys = st.builds(
    lambda prefix, name: prefix + name,
    st.sampled_from([p for p, _ in PREFIXES] + ["", "!!", "><"]),
    st.sampled_from([k.name for k in Kind]) | st.text(max_size=5),
)


@contextmanager
def refused_at_most() -> Iterator[None]:
    """Let pass the documented errors that say what is wrong with the request, and nothing else."""
    try:
        yield
    except CallError as error:
        if error.status != 400:
            raise


@any_time
@given(kinds, st.binary(max_size=400) | queries.map(str.encode) | parts, st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(kind: str, body: bytes, query: bytes) -> None:
    with refused_at_most():
        Parameters(wire.parameters(query, kind, body))


@any_time
@given(queries)
def test_any_query_is_read_or_refused(query: str) -> None:
    with refused_at_most():
        assert all(isinstance(name, str) for name in wire.of_query(query.encode()))


@any_time
@given(queries, json)
def test_any_reference_is_replaced(query: str, result: Any) -> None:
    command = Command.of("b", f"x?{query}")
    with refused_at_most():
        resolved(wire.of_query(command.query), {"a": result})


@any_time
@given(json, json)
def test_any_reference_in_any_value_is_replaced(value: Any, result: Any) -> None:
    with refused_at_most():
        resolved({"v": value, "w": "$result[a][x]$result[a][0]"}, {"a": result})


@any_time
@given(st.dictionaries(keys, json, max_size=5))
def test_any_filter_is_read_or_refused(wanted: dict[str, Any]) -> None:
    for fields in (FIELDS, SEVERAL):
        with refused_at_most(), suppress(TooManyConditionsError):
            fields.conditions(wanted)


@any_time
@given(st.dictionaries(st.sampled_from([k.name for k in Kind]), json, max_size=5))
def test_any_fields_are_read_or_refused(values: dict[str, Any]) -> None:
    for fields in (FIELDS, SEVERAL):
        with refused_at_most():
            fields.read(values)


@any_time
@given(json)
def test_any_multifield_is_read_or_refused(value: Any) -> None:
    with refused_at_most():
        multifields.read("PHONE", value)


@any_time
@given(st.dictionaries(st.sampled_from(["a", "ID", "start"]), json))
def test_any_parameter_is_read_or_refused(values: dict[str, Any]) -> None:
    parameters = Parameters(values)
    for read in (
        *(parameters.map, parameters.list, parameters.text, parameters.integer),
        *(parameters.flag, parameters.identifier),
    ):
        with refused_at_most():
            read("a")


@any_time
@given(st.text(alphabet="/.01aZ%\0 я"), json)
def test_any_path_and_any_command_is_read(path: str, command: Any) -> None:
    Address.of(path)
    Command.of("a", command)
