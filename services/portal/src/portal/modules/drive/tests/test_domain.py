import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from portal.modules.drive.contracts import FileId, UploadId
from portal.modules.drive.domain import media, objects
from portal.modules.drive.domain.files import LARGEST_FILE, File, NewFile
from portal.modules.drive.domain.names import LONGEST_NAME, alternatives, checked
from portal.modules.drive.domain.space import Space, needs_sweep, next_sweep
from portal.modules.drive.domain.uploads import UPLOAD_LIFE, Upload
from portal.modules.drive.errors import NameInvalidError, NoSuchPartError, UploadCompletedError

NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)
PART = 8 * 1024**2


def upload(size: int, file_id: FileId | None = None) -> Upload:
    file = NewFile(1, "film.mp4", size, media.BINARY, None, objects.new_key(NOON), may_rename=False)
    return Upload(UploadId(1), file, "handle", PART, NOON + UPLOAD_LIFE, file_id)


@pytest.mark.parametrize("name", ["Отчёт за 2026.pdf", "a", "ä" * LONGEST_NAME, "👩‍💻.png", "..."])
def test_any_alphabet_makes_a_name(name: str) -> None:
    assert checked(name) == name


def test_a_name_is_kept_composed_and_without_spaces_around_it() -> None:
    assert checked(" " + unicodedata.normalize("NFD", "Чай.txt") + " ") == "Чай.txt"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        ".",
        "..",
        "a/b",
        "a\\b",
        "a\0b",
        "a\nb",
        "a\x7fb",
        "x" * (LONGEST_NAME + 1),
        "\ud800",
        "line\u2028break",
        "annual_\u202efdp.exe",
    ],
)
def test_what_would_confuse_a_file_system_or_a_reader_is_no_name(name: str) -> None:
    with pytest.raises(NameInvalidError):
        checked(name)


def test_a_taken_name_is_numbered_before_its_suffix() -> None:
    names = alternatives("Отчёт.pdf")
    assert [next(names), next(names)] == ["Отчёт (1).pdf", "Отчёт (2).pdf"]
    assert next(alternatives("README")) == "README (1)"


def test_a_numbered_name_is_no_longer_than_a_name_may_be() -> None:
    longest = "x" * (LONGEST_NAME - 4) + ".pdf"
    assert {len(name) for name in alternatives(longest)} == {LONGEST_NAME}
    assert all(name.endswith(").pdf") for name in alternatives(longest))


def test_an_upload_has_whole_parts_and_a_rest() -> None:
    three = upload(2 * PART + 1)
    assert three.parts == 3
    assert [three.size_of(n) for n in (1, 2, 3)] == [PART, PART, 1]
    assert upload(2 * PART).parts == 2
    assert upload(2 * PART).size_of(2) == PART
    assert upload(1).size_of(1) == 1
    assert upload(LARGEST_FILE).parts <= 10_000  # more the object store does not take


@pytest.mark.parametrize("number", [0, 4])
def test_there_are_no_parts_beyond_the_last(number: int) -> None:
    with pytest.raises(NoSuchPartError):
        upload(2 * PART + 1).size_of(number)


def test_a_completed_upload_takes_no_part() -> None:
    with pytest.raises(UploadCompletedError):
        upload(PART, FileId(7)).size_of(1)


def test_what_was_reserved_and_released_is_as_if_it_never_was() -> None:
    before = Space(10, 2, 0)
    assert before.reserving(5).taken == 15
    assert before.reserving(5).releasing(5) == before
    assert before.with_file(3).without_file(3) == before
    assert before.reserving(5).releasing(5).with_file(5) == Space(15, 3, 0)


def test_a_key_is_settled_once_no_upload_can_be_as_old() -> None:
    key = objects.new_key(NOON)
    assert not objects.is_settled(key, NOON + UPLOAD_LIFE + timedelta(hours=1))
    assert objects.is_settled(key, NOON + objects.SETTLED_AFTER + timedelta(days=1))


def test_keys_cannot_be_guessed_and_name_the_day() -> None:
    first, second = objects.new_key(NOON), objects.new_key(NOON)
    assert first != second
    assert first.startswith("files/20260821/")
    assert len(objects.version_of(first)) == 32


def test_a_sweep_is_planned_when_there_is_none_or_it_died() -> None:
    assert needs_sweep(None, NOON)
    assert not needs_sweep(NOON - timedelta(days=1), NOON)
    assert needs_sweep(NOON - timedelta(days=3), NOON)


def test_a_resting_drive_is_not_swept_for_ever() -> None:
    assert next_sweep(NOON, NOON + timedelta(days=1)) == NOON + timedelta(days=2)
    assert next_sweep(NOON, NOON + timedelta(days=10)) is None


@pytest.mark.parametrize(
    ("declared", "name", "expected"),
    [
        ("text/csv; charset=utf-8", "a.bin", "text/csv; charset=utf-8"),
        ("", "Отчёт.pdf", "application/pdf"),
        ("application/x-www-form-urlencoded", "a.png", "image/png"),  # what curl says of any body
        ("application/octet-stream", "a.unknown", media.BINARY),
        ("text/html\r\nSet-Cookie: a=b", "a", media.BINARY),
        ("nonsense", "a.txt", "text/plain"),
    ],
)
def test_the_type_is_what_the_sender_says_or_else_the_name(
    declared: str, name: str, expected: str
) -> None:
    assert media.content_type_of(declared, name) == expected


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xml", media.BINARY])
def test_what_could_act_as_the_person_is_not_shown_by_the_browser(kind: str) -> None:
    assert not media.is_harmless(kind)
    assert media.is_harmless("image/png")
    assert media.is_harmless("Text/Plain; charset=utf-8")


def test_the_journal_learns_name_size_and_owner() -> None:
    file = File(FileId(3), 1, "a.txt", 5, "text/plain", None, objects.new_key(NOON), NOON)
    assert file.created().verb == "created"
    assert file.deleted().payload == {"name": "a.txt", "size": 5, "owner_id": 1}
