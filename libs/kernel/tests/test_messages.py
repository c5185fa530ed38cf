from pathlib import Path

import pytest

from kernel import messages
from kernel.messages import Catalogue, negotiate

TEXTS = Catalogue({"full": {"en": "{n} left", "ru": "осталось {n}", "uk": "", "de": ""}})


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("de-AT,de;q=0.9", "de"),
        ("fr, uk;q=0.2, ru;q=0.7", "ru"),
        ("ru;q=0, de;q=0.1", "de"),
        ("ru;q=x", "en"),
        (";;;,,,", "en"),
    ],
)
def test_the_language_with_the_highest_quality_wins(header: str | None, locale: str) -> None:
    assert negotiate(header) == locale


def test_a_text_names_its_values() -> None:
    assert TEXTS.text("full", "ru", {"n": 3}) == "осталось 3"


def test_a_missing_language_falls_back_to_english_and_a_missing_code_to_itself() -> None:
    assert TEXTS.text("full", "fr", {"n": 3}) == "3 left"
    assert TEXTS.text("unheard-of", "ru", {}) == "unheard-of"


def test_a_missing_value_leaves_a_hole_not_an_error() -> None:
    assert TEXTS.text("full", "en", {}) == "{n} left"


def test_a_code_defined_twice_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "messages.toml"
    file.write_text('[x]\nen = "a"\n')
    with pytest.raises(ValueError, match="already defined"):
        messages.load([file, file])
