"""The file of routes: whole and right, or not used."""

from pathlib import Path

import pytest

from routes import RouteTable, snapshot
from routes.snapshot import Snapshot

from .records import pair, portal


@pytest.fixture
def table() -> RouteTable:
    table = RouteTable("a history")
    table.put_pair(pair())
    for number in range(1, 2501):
        table.put_portal(portal(number, revision=number))
    table.advance(3000)
    return table


def test_what_was_written_is_read(table: RouteTable, tmp_path: Path) -> None:
    file = tmp_path / "new" / "routes.jsonl"
    Snapshot.of(table).write(file)

    read = snapshot.read(file)

    assert read is not None
    assert (read.history, read.revision, len(read)) == ("a history", 3000, 2500)
    assert read.checksum == table.checksum
    assert read.find("h7") == table.find("h7")
    assert [path.name for path in file.parent.iterdir()] == ["routes.jsonl"]


def test_a_missing_file_is_no_table(tmp_path: Path) -> None:
    assert snapshot.read(tmp_path / "nothing") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[: content.rindex(b"\n", 0, -1) + 1],
        lambda content: content.replace(b'"epoch":1', b'"epoch":x', 1),
        lambda content: content.replace(b'"revision":7}', b'"revision":8}', 1),
        lambda content: content.replace(b'"format":1', b'"format":2', 1),
        lambda content: b"\x00" * len(content),
    ],
    ids=["empty", "torn", "last line lost", "no JSON", "altered", "of the future", "zeroed"],
)
def test_a_damaged_file_is_not_used(table: RouteTable, tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    file = tmp_path / "routes.jsonl"
    Snapshot.of(table).write(file)
    file.write_bytes(damage(file.read_bytes()))

    assert snapshot.read(file) is None


def test_a_write_that_fails_leaves_the_old_file(table: RouteTable, tmp_path: Path) -> None:
    file = tmp_path / "routes.jsonl"
    Snapshot.of(table).write(file)
    before = file.read_bytes()
    file.with_suffix(".draft").mkdir()
    table.put_portal(portal(9999, revision=9999))

    with pytest.raises(OSError, match="draft"):
        Snapshot.of(table).write(file)

    assert file.read_bytes() == before
