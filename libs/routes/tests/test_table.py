"""The table never goes back in time, whatever arrives in whatever order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.ids import PortalId
from routes import PortalRecord, RouteTable

from .records import TAKEN_OVER, pair, portal

Change = tuple[int, int, bool]
changes = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 30), st.booleans()),
    unique_by=lambda change: change[1],  # a revision is one change
    max_size=20,
)


def record_of(change: Change) -> PortalRecord:
    number, revision, _ = change
    return portal(number, f"h{number}-{revision % 3}", revision=revision, epoch=revision)


def apply(table: RouteTable, change: Change) -> None:
    number, revision, is_put = change
    if is_put:
        table.put_portal(record_of(change))
    else:
        table.remove(PortalId(number), revision)


def state(table: RouteTable) -> dict[int, PortalRecord]:
    return {record.id: record for record in table.portals}


@settings(deadline=None)
@given(changes, st.randoms(use_true_random=False))
def test_records_that_come_late_or_twice_change_nothing(
    applied: list[Change], shuffle: st.DrawFn
) -> None:
    in_order, late = RouteTable(), RouteTable()
    in_order.put_pair(pair())
    late.put_pair(pair())
    puts = sorted((c for c in applied if c[2]), key=lambda change: change[1])
    for change in puts:
        apply(in_order, change)
        apply(late, change)
    again = puts * 2
    shuffle.shuffle(again)  # type: ignore[attr-defined]

    for change in again:
        apply(late, change)

    assert state(late) == state(in_order)
    assert late.checksum == in_order.checksum


@settings(deadline=None)
@given(changes)
def test_the_newest_put_or_deletion_of_each_portal_counts(applied: list[Change]) -> None:
    table = RouteTable()
    table.put_pair(pair())
    for change in sorted(applied, key=lambda change: change[1]):
        apply(table, change)

    newest = {c[0]: c for c in sorted(applied, key=lambda change: change[1])}
    assert state(table) == {n: record_of(c) for n, c in newest.items() if c[2]}
    for record in table.portals:
        found = table.find(record.host)
        assert found is not None
        assert table.find_by_id(record.id) is not None


@settings(deadline=None)
@given(changes, st.integers(1, 30))
def test_an_old_deletion_does_not_touch_a_newer_record(
    applied: list[Change], revision: int
) -> None:
    table = RouteTable()
    for change in applied:
        table.put_portal(record_of(change))
    newer = {n: r for n, r in state(table).items() if r.revision >= revision}

    for number in range(1, 6):
        table.remove(PortalId(number), revision)

    assert state(table) == newer


@settings(deadline=None)
@given(changes)
def test_the_checksum_tells_what_is_in_not_how_it_came(applied: list[Change]) -> None:
    one, other = RouteTable(), RouteTable()
    for change in applied:
        apply(one, change)
    for record in sorted(one.portals, key=lambda record: record.id):
        other.put_portal(record)

    assert one.checksum == other.checksum
    other.put_portal(portal(99))
    assert one.checksum != other.checksum


def test_two_portals_that_swapped_revisions_are_told_apart() -> None:
    one, other = RouteTable(), RouteTable()
    for table, revisions in ((one, (1, 2)), (other, (2, 1))):
        table.put_portal(portal(1, revision=revisions[0]))
        table.put_portal(portal(2, revision=revisions[1]))

    assert one.checksum != other.checksum


def test_a_pair_that_is_taken_over_moves_all_its_portals_at_once() -> None:
    table = RouteTable()
    table.put_pair(pair(term=1))
    for number in range(1, 101):
        table.put_portal(portal(number, home="dc-a" if number % 2 else "dc-b"))

    table.put_pair(pair(term=2, serving=TAKEN_OVER, revision=2))

    routes = [table.find(f"h{number}") for number in range(1, 101)]
    assert {(route.owner, route.term) for route in routes if route} == {("dc-b", 2)}
    assert table.put_pair(pair(term=1)) is False, "the old record is late"


def test_a_host_that_passed_to_another_portal_stays_with_it() -> None:
    table = RouteTable()
    table.put_pair(pair())
    table.put_portal(portal(1, "acme", revision=1))
    table.put_portal(portal(2, "acme", revision=3))

    table.remove(PortalId(1), 2)

    found = table.find("acme")
    assert found is not None
    assert found.portal == 2


def test_a_portal_that_changed_its_host_is_found_under_the_new_one_only() -> None:
    table = RouteTable()
    table.put_pair(pair())
    table.put_portal(portal(1, "old", revision=1))
    table.put_portal(portal(1, "new", revision=2))

    assert table.find("old") is None
    assert table.find("new") is not None


def test_a_full_snapshot_takes_away_what_it_does_not_show_but_nothing_newer() -> None:
    table = RouteTable()
    for number, revision in ((1, 5), (2, 6), (3, 9)):
        table.put_portal(portal(number, revision=revision))

    table.forget_unseen({PortalId(1)}, revision=8)

    assert set(state(table)) == {1, 3}


def test_a_portal_whose_pair_is_not_known_has_no_route() -> None:
    table = RouteTable()
    table.put_portal(portal(1))

    assert table.find("h1") is None
    assert len(table) == 1


def test_a_portal_that_moved_to_a_pair_of_a_lower_term_counts_as_newer() -> None:
    table = RouteTable()
    table.put_pair(pair(term=1))
    table.put_portal(portal(1, epoch=4))
    moved = table.find("h1")
    assert moved is not None

    assert moved.is_newer_than(term=5, epoch=3)
    assert moved.is_newer_than(term=0, epoch=4)
    assert not moved.is_newer_than(term=1, epoch=4)
    assert not moved.is_newer_than(term=0, epoch=5)
