"""Reading CSV: in pieces, with whatever files hold in practice."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.modules.company.contracts import UserId
from portal.modules.crm.domain.exporting import HEADER, encoded, row_of
from portal.modules.crm.domain.importing import survey
from portal.modules.crm.domain.importing.columns import read_header
from portal.modules.crm.domain.importing.header import begun
from portal.modules.crm.domain.importing.order import ImportOrder
from portal.modules.crm.domain.importing.progress import Progress
from portal.modules.crm.domain.importing.records import MALFORMED, UNDECODABLE, Record, records
from portal.modules.crm.domain.importing.rows import Problem, Row, RowReader
from portal.modules.crm.domain.importing.survey import Survey
from portal.modules.crm.domain.leads import LeadDetails
from portal.modules.crm.domain.lists import default_lists
from portal.modules.crm.errors import FileRefusedError, ImportEmptyError, TooManyLinesError

from .test_domain import LEAD

# Python's writer leaves a lone \r unquoted where lines end with \n
TEXT = st.text(st.characters(codec="cp1251", exclude_characters="\x00\r"), max_size=20)
TABLE = st.lists(st.lists(TEXT, min_size=2, max_size=5), max_size=12)


def read_in_pieces(
    data: bytes, piece: int, encoding: str = "utf-8", delimiter: str = ","
) -> list[Record]:
    """Read as an import does: each piece begins where the last whole record ended."""
    found: list[Record] = []
    offset = line = 0
    while offset < len(data):
        end = offset + piece
        before = offset
        for record in records(
            data[offset:end],
            encoding=encoding,
            delimiter=delimiter,
            line=line,
            is_last=end >= len(data),
        ):
            found.append(record)
            offset, line = before + record.end, record.end_line
        if offset == before:
            piece *= 2  # an import gives up here: its pieces are long
    return found


def written(table: Sequence[Sequence[str]], delimiter: str, line_end: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(table)
    return text.getvalue()


@given(
    TABLE,
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "cp1251"]),
    st.integers(1, 200),
)
def test_a_table_comes_back_however_it_is_cut(
    table: list[list[str]], delimiter: str, line_end: str, encoding: str, piece: int
) -> None:
    data = written(table, delimiter, line_end).encode(encoding)
    found = read_in_pieces(data, piece, encoding, delimiter)
    assert [r.cells for r in found] == table
    assert all(r.problem is None for r in found)


@given(TABLE, st.integers(1, 200))
def test_lines_are_counted_as_an_editor_does(table: list[list[str]], piece: int) -> None:
    data = written(table, ",", "\n").encode()
    line = 0
    for record in read_in_pieces(data, piece):
        assert record.line == line + 1
        line = record.end_line
    assert line == data.count(b"\n")


@given(st.binary(max_size=300), st.integers(1, 100))
def test_any_bytes_are_read_to_their_end_the_same_however_they_are_cut(
    data: bytes, piece: int
) -> None:
    whole = read_in_pieces(data, len(data) or 1)
    cut = read_in_pieces(data, piece)
    assert [(r.line, r.cells, r.problem) for r in cut] == [
        (r.line, r.cells, r.problem) for r in whole
    ]


def test_a_broken_byte_costs_its_line_only() -> None:
    found = read_in_pieces("а,б\n".encode() + b"\xff,x\n" + "в,г\n".encode(), 100)
    assert [(r.line, r.problem) for r in found] == [(1, None), (2, UNDECODABLE), (3, None)]
    assert found[2].cells == ["в", "г"]


def test_a_quote_that_is_never_closed_costs_its_line_only() -> None:
    data = b'a,b\n"never closed,c\n' + b"d,e\n" * 1000
    found = read_in_pieces(data, 500)
    assert len(found) == 1002
    assert [r.line for r in found if r.problem == MALFORMED] == [2]


def test_text_behind_a_closed_quote_costs_its_line_only() -> None:
    found = read_in_pieces('"Ромашка" ООО,1\n"Ромашка",2\n'.encode(), 100)
    assert [r.problem for r in found] == [MALFORMED, None]


def test_a_cell_may_hold_lines_and_empty_lines_hold_nothing() -> None:
    found = read_in_pieces(b'a,"one\r\ntwo\r\n"\r\n\r\nb,c', 100)
    assert [(r.line, r.end_line, r.cells) for r in found] == [
        (1, 3, ["a", "one\r\ntwo\r\n"]),
        (4, 4, []),
        (5, 5, ["b", "c"]),
    ]


def surveyed(data: bytes, piece: int = 7) -> Survey:
    seen = Survey()
    for start in range(0, len(data), piece):
        seen.see(data[start : start + piece])
    seen.finish()
    return seen


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"title\nplain", "utf-8"),
        ("Название\nЗаявка".encode(), "utf-8"),
        ("Название\nЗаявка".encode("cp1251"), "cp1251"),
        ("Назва\nЗаявка на її підпис — «терміново»".encode("cp1251"), "cp1251"),
        ("Название\nЗаявка".encode() + b"\xff\n", "utf-8"),
        (b"title\n" + b"x" * 100 + "ё".encode("cp1251"), "cp1251"),
    ],
)
def test_the_encoding_is_what_most_of_the_file_says(data: bytes, encoding: str) -> None:
    assert surveyed(data).encoding == encoding


@given(st.binary(min_size=4, max_size=100), st.integers(1, 20))
def test_a_survey_does_not_depend_on_how_the_file_comes(data: bytes, piece: int) -> None:
    found, whole = surveyed(data, piece), surveyed(data, 1000)
    assert (found.lines, found.encoding, found.mark_bytes) == (
        whole.lines,
        whole.encoding,
        whole.mark_bytes,
    )


def test_lines_are_counted_and_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [surveyed(d).lines for d in (b"a", b"a\n", b"a\nb", b"a\nb\n")] == [1, 1, 2, 2]
    monkeypatch.setattr(survey, "MOST_LINES", 3)
    with pytest.raises(TooManyLinesError):
        surveyed(b"a\nb\nc\nd")


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(ImportEmptyError):
        surveyed(data)


def order(data: bytes, **changes: object) -> ImportOrder:
    seen = surveyed(data)
    asked: dict[str, object] = {
        "key": "k",
        "size": len(data),
        "lines": seen.lines,
        "start": seen.mark_bytes,
        "encoding": seen.encoding,
        "delimiter": None,
        "dry_run": False,
        "source": None,
    }
    return ImportOrder(**{**asked, **changes})  # type: ignore[arg-type]  # a test's own record


def test_the_header_may_follow_a_mark_and_empty_lines() -> None:
    data = b"\xef\xbb\xbf\r\n;;\r\n" + "Название;Сумма\r\nЗаявка;5\r\n".encode()
    asked = order(data)
    progress = begun(asked, data[asked.start :], is_last=True)
    assert (progress.delimiter, progress.line) == (";", 3)
    assert [c.field for c in progress.columns] == ["title", "amount"]
    assert data[progress.offset :].startswith("Заявка".encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\n\n", "import-header-missing"),
        (b'"title,phone\n', "import-header-unreadable"),
        (b"phone,email\n", "import-title-column-missing"),
    ],
)
def test_a_file_without_a_header_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        begun(order(data), data, is_last=True)
    assert refused.value.reason == reason


def test_progress_survives_being_saved() -> None:
    progress = Progress(10, 2, ";", read_header(["title", "x"]), 1, 2, 3, 4)
    assert Progress.from_json(progress.to_json()) == progress
    assert Progress.from_json({}) == Progress()


LISTS = default_lists("ru")
DEFAULTS = LeadDetails("", "NEW", "RUB", UserId(1))


def read(text: str, *, defaults: LeadDetails = DEFAULTS) -> list[Row | Sequence[Problem] | None]:
    head, *rows = records(text.encode(), encoding="utf-8", delimiter=";", line=0, is_last=True)
    reader = RowReader(read_header(head.cells), LISTS, defaults)
    return [reader.read(row) for row in rows]


def test_a_row_becomes_a_lead() -> None:
    (row,) = read(
        "Название;Статус;Источник;Телефон;Моб.;E-mail;Сумма;Валюта;Комментарий;ID;Внешний код\n"
        '  Заявка\u00a0на   пилу ;в работе;Звонок;"8 495 1234567, 8 495 7654321";;Ivan@Example.com;'
        "1 000,5;eur;=1+1;9;x-1\n"
    )
    assert isinstance(row, Row)
    details = row.details
    assert (details.title, details.status, details.source) == (
        "Заявка на пилу",
        "IN_PROCESS",
        "CALL",
    )
    assert [p.value for p in details.phones] == ["8 495 1234567", "8 495 7654321"]
    assert (str(details.amount), details.currency, details.comment) == ("1000.50", "EUR", "=1+1")
    assert (row.key, row.fingerprint) == ("x-1", None)


def test_all_that_is_wrong_with_a_row_is_said() -> None:
    text = "title;status;amount;phone;email;currency\n;nope;abc;12;@;RUR!\n"
    (problems,) = read(text)
    assert isinstance(problems, list)
    assert {(p.line, p.column, p.code) for p in problems} == {
        (2, "title", "import-title-missing"),
        (2, "status", "import-status-unknown"),
        (2, "amount", "import-amount-malformed"),
        (2, "phone", "import-phone-malformed"),
        (2, "email", "import-email-malformed"),
        (2, "currency", "import-currency-unknown"),
    }


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("x" * 256, "import-cell-too-long"),
        ("a\x07b", "import-cell-not-printable"),
        ("a;b;c", "import-row-too-wide"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(line: str, code: str) -> None:
    (problems,) = read(f"title;amount\n{line}\n")
    assert isinstance(problems, list)
    assert [p.code for p in problems] == [code]


def test_an_empty_row_is_nothing_and_a_short_one_is_filled_up() -> None:
    nothing, short = read("title;amount;phone\n;;\nЗаявка\n")
    assert nothing is None
    assert isinstance(short, Row)


def test_a_row_is_known_by_what_it_says_not_by_how() -> None:
    first, second, other = (
        read(text)[0]
        for text in (
            "Название;Телефон;Сумма\nЗаявка;8 495 123-45-67;1000\n",
            "amount;title;phone;nothing\n1 000,00;  Заявка ;+7 (495) 1234567;x\n",
            "Название;Телефон;Сумма\nЗаявка;8 495 123-45-67;1001\n",
        )
    )
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert isinstance(other, Row)
    assert first.key == second.key != other.key


def test_an_exported_lead_can_be_imported() -> None:
    (line,) = records(
        encoded([row_of(LEAD)], encoding="utf-8", delimiter=";"),
        encoding="utf-8",
        delimiter=";",
        line=0,
        is_last=True,
    )
    row = RowReader(read_header(HEADER), LISTS, DEFAULTS).read(line)
    assert isinstance(row, Row)
    assert row.details == LEAD.details


def test_what_cp1251_lacks_is_exported_as_a_question_mark() -> None:
    assert encoded([["Müller ё"]], encoding="cp1251", delimiter=",") == "M?ller ё\r\n".encode(
        "cp1251"
    )
