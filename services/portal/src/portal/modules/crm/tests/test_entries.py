"""Which phone is which when a card's list changes: no database, no HTTP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.modules.company.contracts import UserId
from portal.modules.crm.domain.communications import Phone
from portal.modules.crm.domain.entries import EntryChange, EntryChanges, changed, numbered
from portal.modules.crm.domain.leads import LeadDetails
from portal.modules.crm.repository.cards import packed, unpacked
from portal.modules.crm.repository.extras import packed_extras, unpacked_extras

OLD = (Phone("111", "work", 1), Phone("222", "home", 2), Phone("333", "work", 5))


@pytest.mark.parametrize(
    ("new", "ids"),
    [
        ([Phone("111"), Phone("222", "home")], [1, 2]),
        ([Phone("222", "home"), Phone("111")], [2, 1]),
        ([Phone("222", "work")], [6]),
        ([Phone("999", "work", 2)], [2]),
        ([Phone("999"), Phone("333"), Phone("998")], [6, 5, 7]),
        ([Phone("111"), Phone("111")], [1, 6]),
        ([Phone("111"), Phone("111", "work", 1)], [6, 1]),
        ([Phone("111", "work", 1), Phone("222", "work", 1)], [1, 6]),
        ([Phone("111", "work", 77)], [1]),
        ([], []),
    ],
)
def test_what_stays_keeps_its_id_and_what_is_new_gets_the_next(
    new: list[Phone], ids: list[int]
) -> None:
    assert [phone.id for phone in numbered(OLD, new)] == ids


def test_a_new_list_is_numbered_from_one() -> None:
    assert [phone.id for phone in numbered((), [Phone("1"), Phone("2"), Phone("1")])] == [1, 2, 3]


PHONES = st.lists(
    st.builds(
        Phone,
        st.sampled_from(["111", "222", "333"]),
        st.sampled_from(["work", "home"]),
        st.integers(0, 6),
    ),
    max_size=6,
)


@given(PHONES, PHONES)
def test_no_two_entries_ever_have_one_id_and_values_come_as_given(
    first: list[Phone], second: list[Phone]
) -> None:
    old = numbered((), first)
    new = numbered(old, second)
    ids = [phone.id for phone in new]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    assert [(p.value, p.type) for p in new] == [(p.value, p.type) for p in second]
    assert numbered(new, new) == new


def after(*changes: EntryChange) -> list[tuple[int, str, str]]:
    return [(p.id, p.value, p.type) for p in changed(Phone, OLD, EntryChanges(changes))]


REST = [(2, "222", "home"), (5, "333", "work")]


def test_one_entry_is_changed_deleted_or_added_and_the_others_stay() -> None:
    assert after(EntryChange(1, "999")) == [(1, "999", "work"), *REST]
    assert after(EntryChange(1, type="fax")) == [(1, "111", "fax"), *REST]
    assert after(EntryChange(1, is_deleted=True)) == REST
    assert after(EntryChange(1, "")) == REST
    assert after(EntryChange(value="444")) == [(1, "111", "work"), *REST, (6, "444", "work")]


def test_a_change_of_what_is_not_there_changes_nothing_and_no_entry_comes_twice() -> None:
    unchanged = [(1, "111", "work"), *REST]
    assert after(EntryChange(77, "999")) == unchanged
    assert after(EntryChange(value="111")) == unchanged
    assert after(EntryChange(value="", type="work")) == unchanged
    assert len(after(EntryChange(value="4"), EntryChange(value="4"))) == 4


def test_a_row_of_the_version_before_is_read_with_places_as_ids() -> None:
    phones, emails = unpacked('[[["111","work"],["222","home"]],[["a@b.de","work"]]]')
    assert [(p.id, p.value, p.type) for p in phones] == [(1, "111", "work"), (2, "222", "home")]
    assert [e.id for e in emails] == [1]


def test_ids_are_kept_beside_a_column_that_the_version_before_still_reads() -> None:
    details = LeadDetails("x", "NEW", "EUR", UserId(1), phones=OLD)
    stored, extras = packed(details.phones, details.emails), packed_extras(details)
    assert stored == '[[["111","work"],["222","home"],["333","work"]],[]]'
    assert extras is not None
    assert unpacked_extras(extras, *unpacked(stored))[0] == OLD


def test_ids_that_no_longer_fit_do_not_count() -> None:
    extras = packed_extras(LeadDetails("x", "NEW", "EUR", UserId(1), phones=OLD))
    assert extras is not None
    phones, emails = unpacked(packed(OLD[:2], ()))
    assert [p.id for p in unpacked_extras(extras, phones, emails)[0]] == [1, 2]


def test_a_lead_that_says_nothing_more_needs_no_extras() -> None:
    details = LeadDetails("x", "NEW", "EUR", UserId(1), phones=numbered((), [Phone("111")]))
    assert packed_extras(details) is None
