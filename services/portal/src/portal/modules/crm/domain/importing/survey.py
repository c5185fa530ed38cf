"""What can be told of a file while it passes by: how many lines, which encoding."""

import codecs

from portal.modules.crm.domain.importing.limits import MOST_LINES
from portal.modules.crm.errors import ImportEmptyError, TooManyLinesError

UTF_8, CP1251 = "utf-8", "cp1251"


class Survey:
    """Sees every chunk of the file once."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder(UTF_8)(errors="ignore")
        self._head = b""
        self._last = b""
        self._breaks = 0
        self._bytes = 0
        self._valid = 0
        self._ascii = 0

    def see(self, chunk: bytes) -> None:
        """Take the next chunk; raises ``TooManyLinesError`` as soon as there are too many."""
        self._count(self._decoder.decode(chunk))
        self._bytes += len(chunk)
        if len(self._head) < len(codecs.BOM_UTF8):
            self._head = (self._head + chunk)[: len(codecs.BOM_UTF8)]
        self._last = chunk[-1:] or self._last
        self._breaks += chunk.count(b"\n")
        if self.lines > MOST_LINES:
            raise TooManyLinesError(limit=MOST_LINES)

    def finish(self) -> None:
        """Tell that this was all; raises ``ImportEmptyError`` if it was nothing, or only a mark."""
        self._count(self._decoder.decode(b"", final=True))
        if self._bytes == self.mark_bytes:
            raise ImportEmptyError

    @property
    def lines(self) -> int:
        """How many lines there are; the last one need not be ended."""
        return self._breaks + (self._last not in {b"", b"\n"})

    @property
    def mark_bytes(self) -> int:
        """How long the byte order mark of UTF-8 is at the beginning: it may be missing."""
        return len(self._head) if self._head == codecs.BOM_UTF8 else 0

    @property
    def encoding(self) -> str:
        """UTF-8, unless more of what is not ASCII breaks its rules than keeps them.

        A UTF-8 file with a broken byte is still one, and the byte an error of its line. Russian text in
        Windows-1251 breaks the rules almost everywhere.
        """
        broken, kept = self._bytes - self._valid, self._valid - self._ascii
        return UTF_8 if broken <= kept else CP1251

    def _count(self, text: str) -> None:
        self._valid += len(text.encode())
        self._ascii += len(text.encode("ascii", errors="ignore"))
