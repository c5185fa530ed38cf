"""The routes on disk, so that a node restarted while no routing service answers still knows them.

JSON lines: what the file is, then pairs, then portals. It replaces the old file whole or not at all.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from routes.records import Json, PairRecord, PortalRecord
from routes.table import RouteTable

_log = logging.getLogger(__name__)

FORMAT = 1
CHUNK_LINES = 1000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a table held at one moment; taken in the loop, written in a thread."""

    history: str
    revision: int
    checksum: str
    pairs: tuple[PairRecord, ...]
    portals: tuple[PortalRecord, ...]

    @classmethod
    def of(cls, table: RouteTable) -> Self:
        """Take the table as it stands; records are immutable, so this copies references only."""
        return cls(table.history, table.revision, table.checksum, table.pairs, table.portals)

    def write(self, path: Path) -> None:
        """Write the file; ``OSError`` leaves the old one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        with draft.open("wb") as file:
            for chunk in _chunks(self._lines()):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def _lines(self) -> Iterator[dict[str, Any]]:
        yield {
            "format": FORMAT,
            "history": self.history,
            "revision": self.revision,
            "checksum": self.checksum,
            "pairs": len(self.pairs),
        }
        yield from (pair.to_json() for pair in self.pairs)
        yield from (portal.to_json() for portal in self.portals)


def read(path: Path) -> RouteTable | None:
    """Return the table of the file, or ``None`` if there is none that can be trusted."""
    try:
        with path.open("rb") as file:
            return _table(file)
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        _log.warning("snapshot not used", extra={"path": str(path), "reason": repr(error)})
        return None


def _table(lines: Iterable[bytes]) -> RouteTable:
    rows = (orjson.loads(line) for line in lines)
    about: Json = next(rows, {})
    if about["format"] != FORMAT:
        raise ValueError(f"format {about['format']}")
    table = RouteTable(about["history"])
    for _ in range(about["pairs"]):
        json = next(rows)
        table.put_pair(PairRecord.from_json(json, json["revision"]))
    for json in rows:
        table.put_portal(PortalRecord.from_json(json, json["revision"]))
    table.advance(about["revision"])
    if table.checksum != about["checksum"]:
        raise ValueError("checksum")
    return table


def _chunks(lines: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    chunk: list[bytes] = []
    for line in lines:
        chunk.append(orjson.dumps(line))
        if len(chunk) == CHUNK_LINES:
            yield b"\n".join(chunk) + b"\n"
            chunk = []
    if chunk:
        yield b"\n".join(chunk) + b"\n"
