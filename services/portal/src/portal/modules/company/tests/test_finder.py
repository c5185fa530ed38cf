"""Every field of a person can be compared in every way, and what is asked never becomes SQL."""

import pytest

from db.conditions import shape_of
from kernel.conditions import Condition, Operator, Sorting
from portal.modules.company.domain.profiles import PROFILE, Gender, Profile
from portal.modules.company.repository.finder import COMPARABLE, FIELDS, _count, _page
from portal.modules.company.repository.people import packed, unpacked

INJECTION = "'; DROP TABLE users; --"


@pytest.mark.parametrize("field", sorted(FIELDS))
@pytest.mark.parametrize("operator", Operator)
def test_a_condition_makes_a_statement_that_knows_its_portal(
    field: str, operator: Operator
) -> None:
    values = () if operator.takes_none else (INJECTION,)
    shape = shape_of([Condition(field, operator, values)])
    for statement in (_page(shape, ()), _count(shape)):
        assert "portal_id = %s" in statement.sql
        assert "DROP" not in statement.sql


@pytest.mark.parametrize("field", sorted(COMPARABLE))
def test_people_are_sorted_by_what_they_have_one_of(field: str) -> None:
    assert "DESC, users.id" in _page((), (Sorting(field, is_descending=True),)).sql


def test_all_that_is_known_of_a_person_can_be_looked_for() -> None:
    assert set(PROFILE) <= set(FIELDS)


def test_a_profile_comes_back_as_it_was_kept() -> None:
    texts = {n: f"{n} Ёж" for n in PROFILE if n not in {"gender", "birthday", "employed_on"}}
    known = Profile(gender=Gender.FEMALE, birthday=None, employed_on=None, **texts)
    assert unpacked(known.position, known.extension, packed(known)) == known


def test_of_whom_nothing_is_known_nothing_is_kept() -> None:
    assert packed(Profile(position="Директор", extension="101")) is None
    assert unpacked("", "", None) == Profile()


def test_what_a_later_version_keeps_besides_does_no_harm() -> None:
    assert unpacked("", "", '{"city": "Минск", "shoe_size": 42}') == Profile(city="Минск")
