"""The fields of a multipart form; its files are left out: no method takes one in that way."""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header


class BrokenFormError(Exception):
    """It is no multipart form, or too large a one."""


def fields(boundary: bytes, body: bytes, *, most: int) -> list[tuple[bytes, bytes]]:
    """Return the names and values, at most so many parts; raise ``BrokenFormError``."""
    form = _Form(most)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.begin,
                "on_part_data": form.add,
                "on_part_end": form.end,
                "on_header_field": form.add_to_header,
                "on_header_value": form.add_to_value,
                "on_header_end": form.end_header,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise BrokenFormError from error
    return form.fields


class _Form:
    """Gathers what the parser finds; it hands over pieces of the buffer it was given."""

    def __init__(self, most: int) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self._left = most
        self._header, self._value, self._data = b"", b"", bytearray()
        self._name: bytes | None = None

    def begin(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise BrokenFormError
        self._name, self._data = None, bytearray()

    def add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._name = None if b"filename" in options else options.get(b"name")
        self._header, self._value = b"", b""

    def add(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def end(self) -> None:
        if self._name is not None:
            self.fields.append((self._name, bytes(self._data)))
