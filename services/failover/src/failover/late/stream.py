"""The binary log of a server as it sends it to a replica: events after a position, to the present end."""

import struct
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from asyncmy.constants.COMMAND import COM_BINLOG_DUMP

from failover.database.session import Session
from failover.late.rows import UnreadableError

# The server sends GTID events as they are only to somebody who says that he knows them
_KNOWS_GTIDS = 4
_HEADER = struct.Struct("<IBIIIH")
_END_AT_PRESENT_END = 1
# Each file begins with an event that says whether the others end with a checksum
FORMAT, _CRC32, _SUM_BYTES = 15, 1, 4
# A replica's number would cut that replica off
_NOBODY = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One event without its header; ``at`` in Unix seconds."""

    kind: int
    server: int
    at: int
    body: bytes


async def events(session: Session, after: Mapping[int, str]) -> AsyncIterator[Event]:
    """Yield what was logged after the position: the last GTID seen per domain.

    Raises ``ServerError`` if the log does not reach back so far. The session is of no other use afterwards.
    Needs REPLICATION SLAVE.
    """
    position = ",".join(after.values())
    await session.change(
        "SET @mariadb_slave_capability = %s, @slave_connect_state = %s, @slave_gtid_strict_mode = 1,"
        " @master_binlog_checksum = @@GLOBAL.binlog_checksum",
        (_KNOWS_GTIDS, position),
    )
    start = struct.pack("<IHI", 4, _END_AT_PRESENT_END, _NOBODY)
    is_summed = False
    async for packet in session.packets(COM_BINLOG_DUMP, start):
        event = _event(packet[1:], is_summed=is_summed)
        if event.kind == FORMAT:
            is_summed = event.body[-_SUM_BYTES - 1] == _CRC32
        yield event


def _event(raw: bytes, *, is_summed: bool) -> Event:
    at, kind, server, length, _, _ = _HEADER.unpack_from(raw)
    if length != len(raw):
        raise UnreadableError(f"an event of {length} bytes came as {len(raw)}")
    body = raw[_HEADER.size :]
    if is_summed and kind != FORMAT:
        if zlib.crc32(raw[:-_SUM_BYTES]) != int.from_bytes(raw[-_SUM_BYTES:], "little"):
            raise UnreadableError("an event's checksum is wrong")
        body = body[:-_SUM_BYTES]
    return Event(kind, server, at, body)
