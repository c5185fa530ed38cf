"""Parameters of a call, pages, and where a request is sent."""

import pytest

from portal.rest.address import Address
from portal.rest.method import CallError, Listed, Parameters, Start


def test_names_are_matched_in_any_letter_case() -> None:
    parameters = Parameters({"SELECT": ["ID"], "Filter": {"ID": 1}, "start": "50"})
    assert parameters.list("select") == ["ID"]
    assert parameters.map("filter") == {"ID": 1}
    assert parameters.start == 50


@pytest.mark.parametrize("empty", [None, "", [], {}, False])
def test_what_is_empty_is_an_empty_map_and_an_empty_list(empty: object) -> None:
    parameters = Parameters({"filter": empty})
    assert parameters.map("filter") == {}
    assert parameters.list("filter") == []


@pytest.mark.parametrize("wrong", ["x", 5, True])
def test_a_map_that_is_none_is_the_documented_error(wrong: object) -> None:
    with pytest.raises(CallError) as refused:
        Parameters({"filter": wrong}).map("filter")
    assert (refused.value.status, refused.value.code) == (400, "")
    assert refused.value.text == "Parameter 'filter' must be array."


@pytest.mark.parametrize("given", [True, 1, "1", "Y", "y", "true", "True"])
def test_a_flag_is_set_in_many_ways(given: object) -> None:
    assert Parameters({"halt": given}).flag("HALT")


@pytest.mark.parametrize("given", [False, 0, "0", "N", "None", "", None, [1], "false"])
def test_a_flag_is_not_set_in_others(given: object) -> None:
    assert not Parameters({"halt": given}).flag("halt")


@pytest.mark.parametrize("wrong", [None, "", "0", 0, -1, "x", [1], 1.5, True, "9" * 5000])
def test_an_id_that_is_none_is_the_documented_error(wrong: object) -> None:
    with pytest.raises(CallError, match=r"ID is not defined or invalid\."):
        Parameters({"ID": wrong}).identifier()


@pytest.mark.parametrize(
    ("given", "offset", "is_counted"),
    [
        (None, 0, True),
        ("", 0, True),
        ("50", 50, True),
        (1, 1, True),
        (-1, 0, False),
        ("-1", 0, False),
    ],
)
def test_a_page_begins_where_it_is_asked_to(
    given: object, offset: int, *, is_counted: bool
) -> None:
    start = Parameters({} if given is None else {"start": given}).start
    assert (start.offset, start.is_counted) == (offset, is_counted)
    assert (start == Start.UNCOUNTED) == (not is_counted)


@pytest.mark.parametrize(
    ("listed", "following"),
    [
        (Listed([0] * 50, 120, 0), 50),
        (Listed([0] * 50, 120, 1), 51),
        (Listed([0] * 20, 120, 100), None),
        (Listed([0] * 50, 50, 0), None),
        (Listed([], 120, 500), None),
        (Listed([0] * 50, None, 0), None),
    ],
)
def test_a_page_names_the_next_if_there_is_one(listed: Listed, following: int | None) -> None:
    assert listed.next == following


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("1/abc/crm.lead.list", Address("crm.lead.list", 1, "abc")),
        ("1/abc//crm.lead.list/", Address("crm.lead.list", 1, "abc")),
        ("1/abc/crm.lead.List.json", Address("crm.lead.list", 1, "abc")),
        ("1/abc/crm.lead.list.JSON/", Address("crm.lead.list", 1, "abc")),
        ("/profile", Address("profile")),
        ("profile.json", Address("profile")),
        ("1/abc", Address("", 1, "abc")),
        ("x/abc/profile", Address("profile", None, "abc")),
        ("9999999999999999999999/abc/profile", Address("profile", None, "abc")),
        ("", Address("")),
    ],
)
def test_a_path_names_who_and_what(path: str, address: Address) -> None:
    assert Address.of(path) == address


def test_a_code_is_shown_nowhere() -> None:
    assert "secret" not in repr(Address.of("1/secret/profile"))
