"""Makes the example leads, the same 1,000 each time: leads.csv and leads.cp1251.csv.

    python examples/make_leads.py [folder]

leads.csv is UTF-8 with commas. leads.cp1251.csv is what a Russian spreadsheet exports: Windows-1251 with
semicolons. That encoding lacks the German umlauts, so there they are transliterated: Müller is Mueller.
"""

import csv
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeVar

HERE = Path(__file__).parent
WORDS = tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))

LEADS = 1000
SHARE_OF_GERMAN = 0.4
COLUMNS = (
    "title",
    "first_name",
    "last_name",
    "company",
    "phone",
    "email",
    "source",
    "status",
    "amount",
    "currency",
    "comment",
    "external_id",
)
SOURCES = ("WEB", "CALL", "EMAIL", "ADVERTISING", "PARTNER", "RECOMMENDATION", "TRADE_SHOW")
STATUSES = ("NEW", "NEW", "NEW", "IN_PROCESS", "IN_PROCESS", "PROCESSED", "JUNK")

NOT_IN_CP1251 = str.maketrans(WORDS["transliteration"]["german"])
NOT_IN_ADDRESSES = NOT_IN_CP1251 | str.maketrans(WORDS["transliteration"]["russian"])

T = TypeVar("T")


def main(folder: Path) -> None:
    """Write both files into the folder."""
    dice = Dice(seed=2026)
    leads = [make_lead(dice, number) for number in range(1, LEADS + 1)]
    with (folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *leads])
    with (folder / "leads.cp1251.csv").open("w", encoding="cp1251", newline="") as file:
        plain = [[cell.translate(NOT_IN_CP1251) for cell in lead] for lead in leads]
        csv.writer(file, delimiter=";", lineterminator="\r\n").writerows([COLUMNS, *plain])


class Dice:
    """Chance that falls alike on each Python: of ``random`` only ``random()`` promises that."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - example data, no secret

    def below(self, bound: int) -> int:
        """Return a number from 0 to ``bound - 1``."""
        return int(self._random.random() * bound)

    def one_of(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.below(len(options))]

    def maybe(self, share: float, text: str) -> str:
        """Return the text in that share of the cases, else nothing."""
        return text if self._random.random() < share else ""


def make_lead(dice: Dice, number: int) -> list[str]:
    """Return one lead in the order of ``COLUMNS``; what real lists lack at times is empty at times."""
    words = WORDS["de" if dice.maybe(SHARE_OF_GERMAN, "de") else "ru"]
    sex = dice.one_of(["men", "women"])
    first_name, last_name = dice.one_of(words[sex]), dice.one_of(words[f"names_of_{sex}"])
    firm = dice.maybe(0.85, dice.one_of(words["firms"]))
    amount = dice.maybe(0.88, f"{(1 + dice.below(480)) * 250}.{dice.one_of(['00', '00', '50'])}")
    return [
        f"{dice.one_of(words['wishes'])}: {dice.one_of(words['goods'])}",
        dice.maybe(0.95, first_name),
        dice.maybe(0.9, last_name),
        dice.one_of(words["firm_forms"]).format(firm) if firm else "",
        dice.maybe(0.92, _phone(dice, words)),
        dice.maybe(0.9, _address(first_name, last_name, firm, number)),
        dice.one_of(SOURCES),
        dice.one_of(STATUSES),
        amount,
        words["currency"] if amount else "",
        dice.maybe(0.65, dice.one_of(words["comments"])),
        f"example-{number:04}",
    ]


def _phone(dice: Dice, words: dict[str, Any]) -> str:
    if words is WORDS["de"]:
        digits = [f"{dice.below(1000):03}"]
    else:
        digits = [f"{dice.below(100):02}" for _ in range(3)]
    return str(dice.one_of(words["phones"])).format(*digits)


def _address(first_name: str, last_name: str, firm: str, number: int) -> str:
    person = f"{_latin(first_name)}.{_latin(last_name)}"
    return f"{person}@{_latin(firm)}.example" if firm else f"{person}{number}@example.com"


def _latin(text: str) -> str:
    letters = (c if c.isalnum() else "-" for c in text.lower().translate(NOT_IN_ADDRESSES))
    return "-".join(part for part in "".join(letters).split("-") if part)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
