"""The example leads are what their generator makes, and what they are said to be."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from testkit.checkout import ROOT

EXAMPLES = ROOT / "examples"
FORMS = {"leads.csv": ("utf-8", ","), "leads.cp1251.csv": ("cp1251", ";")}


def read(name: str) -> list[dict[str, str]]:
    encoding, delimiter = FORMS[name]
    with (EXAMPLES / name).open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter, strict=True))


def test_the_generator_makes_exactly_these_files(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "make_leads.py"), str(tmp_path)]
    subprocess.check_call(command, timeout=60)  # noqa: S603 - our own script

    for name in FORMS:
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes()


@pytest.mark.parametrize("name", FORMS)
def test_there_are_a_thousand_leads_each_with_an_id_of_its_own(name: str) -> None:
    leads = read(name)
    assert len({lead["external_id"] for lead in leads}) == len(leads) == 1000
    assert all(lead["title"] for lead in leads)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("nuisance", [",", ";", '"', "\n", "\n\n"])
def test_the_comments_hold_what_breaks_naive_readers(name: str, nuisance: str) -> None:
    assert any(nuisance in lead["comment"] for lead in read(name))


@pytest.mark.parametrize("column", ["first_name", "company", "phone", "email", "amount", "comment"])
def test_some_cells_are_empty_and_some_are_not(column: str) -> None:
    assert {bool(lead[column]) for lead in read("leads.csv")} == {True, False}


def test_both_languages_are_there_and_only_umlauts_differ_between_the_files() -> None:
    utf8, cp1251 = read("leads.csv"), read("leads.cp1251.csv")

    assert any(lead["last_name"] == "Müller" for lead in utf8)
    assert any(lead["last_name"] == "Mueller" for lead in cp1251)
    russian = [number for number, lead in enumerate(utf8) if lead["last_name"] == "Волков"]
    assert russian
    for number in russian:
        same_person = ("first_name", "last_name", "company", "phone", "email", "external_id")
        assert all(utf8[number][column] == cp1251[number][column] for column in same_person)
