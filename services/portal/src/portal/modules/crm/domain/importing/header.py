"""The beginning of a file: its delimiter, and what its columns are meant for."""

from portal.modules.crm.domain.importing.columns import guess_delimiter, read_header
from portal.modules.crm.domain.importing.order import ImportOrder
from portal.modules.crm.domain.importing.progress import Progress
from portal.modules.crm.domain.importing.records import records
from portal.modules.crm.errors import FileRefusedError

LONGEST_HEADER = 65_536


def begun(order: ImportOrder, data: bytes, *, is_last: bool) -> Progress:
    """Return the progress behind the header; ``data`` is the beginning of the file, without its mark.

    Raises ``FileRefusedError`` if there is no header from which leads could come.
    """
    delimiter = order.delimiter or guess_delimiter(_first_line(order, data))
    found = records(data, encoding=order.encoding, delimiter=delimiter, line=0, is_last=is_last)
    for record in found:
        if record.problem is not None:
            raise FileRefusedError("import-header-unreadable")
        if any(cell.strip() for cell in record.cells):
            columns = read_header(record.cells)
            return Progress(order.start + record.end, record.end_line, delimiter, columns)
    raise FileRefusedError("import-header-missing")


def _first_line(order: ImportOrder, data: bytes) -> str:
    lines = data[:LONGEST_HEADER].decode(order.encoding, errors="replace").split("\n")
    return next((line for line in lines if line.strip()), "")
