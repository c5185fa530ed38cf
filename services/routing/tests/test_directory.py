"""The directory in memory: its pages and its counts."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.ids import PairId, PortalId
from routes import PortalRecord
from routing.directory import Directory


def record(portal: int, pair: int = 1, revision: int = 1) -> PortalRecord:
    host = f"h{portal}"
    return PortalRecord(PortalId(portal), host, PairId(pair), "dc-a", 1, "active", revision)


def read_all(directory: Directory, limit: int) -> list[int]:
    found: list[int] = []
    page, after = directory.page(None, limit)
    found += [r.id for r in page]
    while after is not None:
        page, after = directory.page(after, limit)
        found += [r.id for r in page]
    return found


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.booleans()), max_size=80),
    st.integers(1, 10),
)
def test_pages_show_each_portal_once_and_counts_agree(
    steps: list[tuple[int, bool]], limit: int
) -> None:
    directory, alive = Directory(), set[int]()
    for revision, (portal, is_put) in enumerate(steps, start=1):
        if is_put:
            directory.put(record(portal, pair=revision % 3, revision=revision))
            alive.add(portal)
        else:
            directory.remove(PortalId(portal), revision)
            alive.discard(portal)
        assert read_all(directory, limit) == sorted(alive)
        assert sum(directory.portals_in(PairId(p)) for p in range(3)) == len(alive)


def test_a_portal_that_comes_while_pages_are_read_disturbs_none() -> None:
    directory = Directory()
    for portal in (10, 20, 30, 40):
        directory.put(record(portal))

    first, after = directory.page(None, 2)
    directory.put(record(15))
    directory.put(record(35))
    directory.remove(PortalId(10), 9)
    second, end = directory.page(after, 10)

    assert [r.id for r in first] == [10, 20]
    assert [r.id for r in second] == [30, 35, 40]
    assert end is None
