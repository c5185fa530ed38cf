"""A log line is one JSON object that says who wrote it and on whose behalf."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest

from telemetry import logs


@pytest.fixture
def configure() -> Iterator[Callable[[], None]]:
    """Configure as a service does; what pytest had is put back."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)

    def configured() -> None:
        root.handlers.clear()  # pytest's own, which configuring would close
        logs.configure("portal", "dc-a", "portal-1")

    yield configured
    root.handlers[:], root.level = before


def test_a_line_carries_origin_context_and_extras(
    configure: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
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


def test_an_exception_stays_in_its_line(
    configure: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    try:
        [].pop()
    except IndexError:
        logging.getLogger("x").exception("it broke")
    (line,) = capsys.readouterr().err.splitlines()
    assert "IndexError: pop from empty list" in json.loads(line)["exception"]
