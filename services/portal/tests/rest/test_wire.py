"""What clients put on the wire is read as they mean it, and refused at once if it is out of bounds."""

import json
import time
from urllib.parse import quote

import pytest

from portal.rest import wire
from portal.rest.method import CallError
from portal.rest.wire import DEEPEST, LONGEST_NAME, MOST_VALUES

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
AT_ONCE_SECONDS = 5.0


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("", {}),
        ("id=5&ID", {"id": "5", "ID": ""}),
        ("fields[PHONE][0][VALUE]=%2B7", {"fields": {"PHONE": [{"VALUE": "+7"}]}}),
        ("fields%5BPHONE%5D%5B0%5D%5BVALUE%5D=%2B7", {"fields": {"PHONE": [{"VALUE": "+7"}]}}),
        ("select[]=ID&select[]=TITLE", {"select": ["ID", "TITLE"]}),
        ("select[1]=ID&select[0]=TITLE", {"select": {"1": "ID", "0": "TITLE"}}),
        ("x[5]=a&x[]=b", {"x": {"5": "a", "6": "b"}}),
        ("filter[%3EID]=5&filter[%3C%3DID]=9", {"filter": {">ID": "5", "<=ID": "9"}}),
        ("filter[>=ID]=5", {"filter": {">=ID": "5"}}),
        ("filter[=%25TITLE]=a%25", {"filter": {"=%TITLE": "a%"}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=1&a=2", {"a": "2"}),
        ("a[b]c[d]=1", {"a": {"b": "1"}}),
        ("a[b=1", {"a[b": "1"}),
        ("[b]=1", {"[b]": "1"}),
        ("title=%D0%9F+%D0%9F", {"title": "П П"}),
        ("&&=1&", {}),
    ],
)
def test_a_query_is_read_as_php_reads_it(query: str, parameters: dict[str, object]) -> None:
    assert wire.of_query(query.encode()) == parameters
    assert wire.of_body(FORM, query.encode()) == parameters


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (b"", {}),
        (b"[]", {}),
        (b"{}", {}),
        (b"null", {}),
        (b'{"start":-1,"filter":[]}', {"start": -1, "filter": []}),
        (b'["a",{"b":1}]', {"0": "a", "1": {"b": 1}}),
    ],
)
def test_json_is_read_and_an_empty_list_is_an_empty_map(
    body: bytes, parameters: dict[str, object]
) -> None:
    for kind in (JSON, "application/json; charset=utf-8", "", "text/plain"):
        if body[:1] != b"n" or "json" in kind:
            assert wire.of_body(kind, body) == parameters


def test_a_multipart_form_is_read_without_its_files() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="fields[TITLE]"\r\n\r\n\xd0\x9f\r\n'
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nabc\r\n--x--\r\n'
    )
    assert wire.of_body("multipart/form-data; boundary=x", body) == {"fields": {"TITLE": "П"}}


def test_the_body_wins_over_the_query() -> None:
    found = wire.parameters(b"id=1&start=50&bx24_request_id=x", JSON, b'{"id":2}')
    assert found == {"id": 2, "start": "50", "bx24_request_id": "x"}


def test_a_get_of_16_kilobytes_is_read() -> None:
    query = "&".join(f"fields[UF_{n}]={'x' * 20}" for n in range(400))
    assert len(query) > 13_000
    assert len(wire.of_query(query.encode())["fields"]) == 400


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"[" * 10_000 + b"]" * 10_000),
        (JSON, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
        (JSON, b"5"),
        (JSON, b"{"),
        (JSON, b'{"a":"\xcf\xf0\xe8\xe2\xe5\xf2"}'),
        (JSON, json.dumps({"a": list(range(MOST_VALUES))}).encode()),
        (FORM, b"a" + b"[x]" * 10_000 + b"=1"),
        (FORM, b"a" + b"%5Bx%5D" * 10_000 + b"=1"),
        (FORM, b"[" * 100_000),
        (FORM, b"title=\xcf\xf0\xe8\xe2\xe5\xf2"),
        (FORM, b"title=%CF%F0%E8%E2%E5%F2"),
        (FORM, b"a[]=1&" * (MOST_VALUES + 1)),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"nonsense"),
    ],
)
def test_what_cannot_be_read_is_a_clear_400_at_once(kind: str, body: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(CallError) as refused:
        wire.of_body(kind, body)
    assert time.monotonic() - started < AT_ONCE_SECONDS
    assert (refused.value.status, refused.value.code) == (400, "INVALID_REQUEST")
    assert refused.value.text


def nested(levels: int) -> str:
    return "a" + "[b]" * (levels - 1)


def test_the_deepest_nesting_passes_and_one_more_does_not() -> None:
    assert wire.of_query(f"{nested(DEEPEST)}=1".encode())
    with pytest.raises(CallError, match="nested"):
        wire.of_query(f"{nested(DEEPEST + 1)}=1".encode())
    deepest = b'{"a":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}"
    assert wire.of_json(deepest)
    with pytest.raises(CallError, match="nested"):
        wire.of_json(b'{"a":' + deepest + b"}")


def test_as_many_values_as_allowed_pass_and_one_more_does_not() -> None:
    assert len(wire.of_query(b"&".join([b"a[]=1"] * MOST_VALUES))["a"]) == MOST_VALUES
    with pytest.raises(CallError, match="more than"):
        wire.of_query(b"&".join([b"a[]=1"] * (MOST_VALUES + 1)))
    assert wire.of_json(json.dumps({"a": [1] * (MOST_VALUES - 1)}).encode())
    with pytest.raises(CallError, match="more than"):
        wire.of_json(json.dumps({"a": [1] * MOST_VALUES}).encode())


def test_the_longest_name_passes_and_a_longer_one_does_not() -> None:
    name = quote("я" * (LONGEST_NAME // 2))
    assert wire.of_query(f"{name}=1".encode())
    with pytest.raises(CallError, match="longer"):
        wire.of_query(f"{name}a=1".encode())
