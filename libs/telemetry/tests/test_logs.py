"""A log line is one JSON object that says who wrote it and on whose behalf."""

import json
import logging
from collections.abc import Iterator

import pytest

from telemetry import logs


@pytest.fixture
def configured(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    logs.configure("portal", "dc-a", "portal-1")
    yield
    root.handlers[:], root.level = before


@pytest.mark.usefixtures("configured")
def test_a_line_carries_origin_context_and_extras(capsys: pytest.CaptureFixture[str]) -> None:
    with logs.bound(portal=7), logs.bound(request="r1"):
        logging.getLogger("x").warning("Привет %s", "мир", extra={"bytes": 3})
    logging.getLogger("x").warning("outside")
    inside, outside = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert inside | {"at": ""} == {
        "at": "",
        "level": "warning",
        "service": "portal",
        "dc": "dc-a",
        "node": "portal-1",
        "logger": "x",
        "message": "Привет мир",
        "portal": 7,
        "request": "r1",
        "bytes": 3,
    }
    assert "portal" not in outside


@pytest.mark.usefixtures("configured")
def test_an_exception_stays_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        [].pop()
    except IndexError:
        logging.getLogger("x").exception("it broke")
    (line,) = capsys.readouterr().err.splitlines()
    assert "IndexError: pop from empty list" in json.loads(line)["exception"]
