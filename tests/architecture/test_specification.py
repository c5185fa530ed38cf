"""The specification is complete, and its table is sound."""

import re
from collections import Counter

from testkit import checkout, features

ROWS = features.read_rows(checkout.ROOT / features.SPECIFICATION)


def test_the_specification_has_its_350_rows() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS) == 350
    assert Counter(row.area for row in ROWS) == {
        "PLAN": 25,
        "SET": 18,
        "ORG": 14,
        "FEED": 18,
        "GRP": 10,
        "TASK": 20,
        "CRM": 25,
        "TEL": 11,
        "MAIL": 7,
        "DISK": 14,
        "CAL": 8,
        "IM": 11,
        "HR": 6,
        "BP": 9,
        "PULSE": 8,
        "APP": 9,
        "MIG": 17,
        "PAIN": 36,
        "PROC": 21,
        "ARCH": 53,
        "BIZ": 10,
    }


def test_every_row_says_what_must_hold_and_what_shows_it() -> None:
    for row in ROWS:
        assert re.fullmatch(rf"{row.area}-\d\d", row.id)
        assert row.statement.strip()
        assert row.check.strip()


def test_a_row_names_only_rows_that_exist() -> None:
    ids = {row.id for row in ROWS}
    areas = "|".join({row.area for row in ROWS})
    for row in ROWS:
        named = set(re.findall(rf"\b(?:{areas})-\d+\b", f"{row.statement} {row.check}"))
        assert named <= ids, row.id
