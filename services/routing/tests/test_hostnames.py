"""Which names a portal may have."""

import re

import idna
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing.hostnames import Flaw, ForbiddenWords, NameRefusedError, label_of

WORDS = ForbiddenWords.load()
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("acme", "acme"),
        ("Acme", "acme"),
        ("a-1", "a-1"),
        ("4you", "4you"),
        ("компания", "xn--80aqeigdi5k"),
        ("КОМПАНИЯ", "xn--80aqeigdi5k"),
        ("xn--80aqeigdi5k", "xn--80aqeigdi5k"),
        ("müller-söhne", "xn--mller-shne-kcb9d"),
        ("straße", "xn--strae-oqa"),
        ("їжак", "xn--80aln7i"),
        ("2026-год", "xn--2026--rweh3f"),
        ("a" * 63, "a" * 63),
    ],
)
def test_a_name_is_stored_as_its_lower_case_a_label(name: str, label: str) -> None:
    assert label_of(name, WORDS) == label


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("", Flaw.LENGTH),
        ("ab", Flaw.LENGTH),
        ("a" * 64, Flaw.LENGTH),
        ("ж" * 60, Flaw.LENGTH),
        ("12345", Flaw.DIGITS_ONLY),
        ("１２３４", Flaw.DIGITS_ONLY),
        ("-acme", Flaw.CHARACTERS),
        ("acme-", Flaw.CHARACTERS),
        ("acme-компания", Flaw.MIXED_ALPHABETS),
        ("ac me", Flaw.CHARACTERS),
        ("ac_me", Flaw.CHARACTERS),
        ("acme.com", Flaw.CHARACTERS),
        ("acme。com", Flaw.CHARACTERS),
        ("ac--me", Flaw.CHARACTERS),
        ("acme/../admin", Flaw.CHARACTERS),
        ("acme\0", Flaw.CHARACTERS),
        ("💩💩💩", Flaw.CHARACTERS),
        ("xn--abc-", Flaw.CHARACTERS),
        ("xn--abc", Flaw.CHARACTERS),
        ("xn--acme", Flaw.CHARACTERS),
        ("xn--xn--80aqeigdi5k", Flaw.CHARACTERS),
        ("xn--a-ecp.ru", Flaw.CHARACTERS),
        ("pаypal", Flaw.MIXED_ALPHABETS),
        ("xn--pypal-4ve", Flaw.MIXED_ALPHABETS),
        ("admin", Flaw.RESERVED),
        ("ADMIN", Flaw.RESERVED),
        ("www", Flaw.RESERVED),
        ("поддержка", Flaw.RESERVED),
        ("xn--80ahaefyxhn", Flaw.RESERVED),
        ("fuck", Flaw.PROFANITY),
        ("fuck-acme", Flaw.PROFANITY),
        ("компания-ПИЗДЕЦ", Flaw.PROFANITY),
        ("scheiße", Flaw.PROFANITY),
        ("kurva-matj", Flaw.PROFANITY),
    ],
)
def test_a_bad_name_is_refused_with_its_flaw(name: str, flaw: Flaw) -> None:
    with pytest.raises(NameRefusedError) as refused:
        label_of(name, WORDS)
    assert refused.value.flaw is flaw


@pytest.mark.parametrize(
    "name",
    [
        "scunthorpe",
        "essex",
        "administratio",
        "my-admin",
        "wwww",
        "shitake-haus",
        "хлеб",
        "assets-gmbh",
    ],
)
def test_an_innocent_name_is_not_refused_for_a_piece_of_it(name: str) -> None:
    assert label_of(name, WORDS)


@settings(deadline=None)
@given(st.text(max_size=70))
@example("xn--")
@example("a.b")
@example("xn--a.xn--b")
@example("ａｃｍｅ")
@example("İstanbul")
def test_whatever_is_typed_gives_a_clean_label_or_a_refusal(name: str) -> None:
    try:
        label = label_of(name, WORDS)
    except NameRefusedError:
        return
    assert LABEL.fullmatch(label)
    assert not label.isdigit()
    assert label_of(label, WORDS) == label, "a label is its own label"
    assert label_of(idna.ulabel(label), WORDS) == label, "both spellings are the same portal"


@settings(deadline=None)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", max_size=66))
def test_plain_names_are_refused_only_for_a_stated_reason(name: str) -> None:
    sound = bool(LABEL.fullmatch(name)) and not name.isdigit() and name[2:4] != "--"
    words = {name, *name.split("-")}
    forbidden = name in WORDS.reserved or not WORDS.profane.isdisjoint(words)
    try:
        label = label_of(name, WORDS)
    except NameRefusedError:
        assert not sound or forbidden
    else:
        assert sound
        assert not forbidden
        assert label == name


@settings(deadline=None)
@given(st.text(alphabet="абвгдеєёжзиіїйклмнопрстуфхцчшщъыьэюяґ", min_size=1, max_size=20))
def test_cyrillic_names_survive_the_round_trip(name: str) -> None:
    try:
        label = label_of(name, WORDS)
    except NameRefusedError as error:
        assert error.flaw in {Flaw.RESERVED, Flaw.PROFANITY, Flaw.LENGTH}  # noqa: PT017
    else:
        assert idna.ulabel(label) == name


def test_every_forbidden_word_is_written_as_it_is_compared() -> None:
    for word in WORDS.reserved | WORDS.profane:
        assert word == idna.ulabel(idna.alabel(word)), word
        assert word == word.lower()
