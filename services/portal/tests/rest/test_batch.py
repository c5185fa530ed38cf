"""Fifty commands in one request: references, errors, halts, and what a repeated one finds done."""

from typing import Any

import pytest

from db.errors import (
    ContendedError,
    DatabaseUnavailableError,
    OutcomeUnknownError,
    StaleRouteError,
)
from portal.rest.batch import CHUNK, MOST_COMMANDS
from portal.unit import DEADLOCK_ATTEMPTS

from .in_process import CODE, Here, method_that_raises
from .test_dispatch import error_of


async def batch(here: Here, commands: Any, halt: Any = 0, **headers: str) -> dict[str, Any]:
    answer = await here.call("batch", {"halt": halt, "cmd": commands}, **headers)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["result"]
    assert list(result) == [
        *("result", "result_error", "result_total", "result_next", "result_time"),
    ]
    return result


def adding(*titles: str) -> dict[str, str]:
    return {f"c{n}": f"thing.add?fields[TITLE]={title}" for n, title in enumerate(titles)}


async def test_results_errors_and_counts_stand_under_the_keys_of_their_commands() -> None:
    here = Here()
    commands = {
        "one": "thing.add?fields[TITLE]=a&__order=one",
        "bad": "no.such.method",
        "all": "Thing.List?start=0",
    }
    found = await batch(here, commands)
    assert found["result"] == {"one": 1, "all": [{"ID": "1", "TITLE": "a"}]}
    assert found["result_error"] == {
        "bad": {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}
    }
    assert found["result_total"] == {"all": 1}
    assert found["result_next"] == []
    assert set(found["result_time"]) == {"one", "all"}
    assert isinstance(found["result_time"]["one"]["operating_reset_at"], int)


async def test_maps_are_written_as_php_writes_them() -> None:
    here = Here()
    as_list = await batch(here, ["thing.echo?a=1", "thing.echo?a=2"])
    assert as_list["result"] == [{"a": "1"}, {"a": "2"}]
    assert (as_list["result_error"], len(as_list["result_time"])) == ([], 2)
    by_number = await batch(here, {"0": "thing.echo?a=1", "1": "thing.echo?a=2"})
    assert by_number["result"] == [{"a": "1"}, {"a": "2"}]
    from_one = await batch(here, {"1": "thing.echo?a=1", "2": "thing.echo?a=2"})
    assert from_one["result"] == {"1": {"a": "1"}, "2": {"a": "2"}}
    assert (await batch(here, []))["result"] == []
    assert (await batch(here, {}))["result_time"] == []


async def test_a_batch_may_come_as_a_form_or_by_get() -> None:
    async with Here().client() as client:
        url = f"/rest/1/{CODE}/batch"
        form = {
            "halt": "0",
            "cmd[a]": "thing.echo?x=5",
            "cmd[b]": "thing.echo?y=%24result%5Ba%5D%5Bx%5D",
        }
        for answer in (await client.post(url, data=form), await client.get(url, params=form)):
            assert answer.json()["result"]["result"] == {"a": {"x": "5"}, "b": {"y": "5"}}


async def test_fifty_commands_pass_and_one_more_does_not() -> None:
    here = Here()
    titles = [str(n) for n in range(MOST_COMMANDS)]
    assert len((await batch(here, adding(*titles)))["result"]) == MOST_COMMANDS
    assert here.store.things == titles
    assert here.store.counted["transactions"] == MOST_COMMANDS / CHUNK
    answer = await here.call("batch", {"cmd": adding(*titles, "one more")})
    assert error_of(answer) == (400, "ERROR_BATCH_LENGTH_EXCEEDED")
    assert here.store.things == titles


@pytest.mark.parametrize("wrong", ["x", 5, True])
async def test_commands_that_are_no_map_are_refused(wrong: object) -> None:
    assert error_of(await Here().call("batch", {"cmd": wrong})) == (400, "")


async def test_a_batch_in_a_batch_and_a_transfer_of_files_are_refused() -> None:
    found = await batch(Here(), {"a": "batch?cmd[x]=scope", "b": "thing.upload", "c": 5, "d": None})
    codes = {key: error["error"] for key, error in found["result_error"].items()}
    assert codes == {
        "a": "ERROR_BATCH_METHOD_NOT_ALLOWED",
        "b": "ERROR_BATCH_METHOD_NOT_ALLOWED",
        "c": "ERROR_METHOD_NOT_FOUND",
        "d": "ERROR_METHOD_NOT_FOUND",
    }


@pytest.mark.parametrize("halt", [1, "1", True, "true", "Y"])
async def test_a_batch_halts_at_the_first_error_if_it_is_to(halt: object) -> None:
    here = Here()
    found = await batch(here, adding("a", "boom", "b", *"cdefghijklmn"), halt)
    assert (found["result"], list(found["result_error"])) == ([1], ["c1"]) or (
        found["result"] == {"c0": 1} and list(found["result_error"]) == ["c1"]
    )
    assert here.store.things == ["a"]


@pytest.mark.parametrize("halt", [0, "0", False, "false", "", "None"])
async def test_a_batch_goes_on_after_an_error_if_it_is_not_to_halt(halt: object) -> None:
    here = Here()
    found = await batch(here, adding("a", "boom", "b"), halt)
    assert found["result"] == {"c0": 1, "c2": 2}
    assert here.store.things == ["a", "b"]


async def test_a_chain_of_fifty_behind_the_last_page_costs_no_queries() -> None:
    here = Here()
    here.store.things = [str(n) for n in range(60)]
    chain = {"1": "thing.list?start=-1"}
    for n in range(2, MOST_COMMANDS + 1):
        last = f"%24result%5B{n - 1}%5D%5B49%5D%5BID%5D"
        chain[str(n)] = f"thing.list?filter[%3EID]={last}&start=-1"
    found = await batch(here, chain, halt=True)
    assert found["result_error"] == []
    assert len(found["result_time"]) == MOST_COMMANDS
    assert here.store.counted["queries"] <= 3


async def test_a_reference_to_itself_or_to_a_later_command_is_empty() -> None:
    found = await batch(Here(), {"a": "thing.echo?x=$result[a]&y=$result[b][x]", "b": "scope"})
    assert found["result"]["a"] == {"x": "", "y": ""}


async def test_a_batch_that_only_reads_has_no_transaction() -> None:
    here = Here()
    await batch(here, {str(n): "thing.list" for n in range(25)})
    assert (here.store.counted["transactions"], here.store.counted["readings"]) == (0, 3)


async def test_a_chunk_that_lost_a_deadlock_runs_again_on_the_same_results() -> None:
    here = Here()
    here.store.failures = [None, ContendedError()]
    titles = [str(n) for n in range(15)]
    found = await batch(here, adding(*titles))
    assert list(found["result"].values()) == list(range(1, 16))
    assert here.store.things == titles


async def test_a_repeated_batch_goes_on_where_the_first_run_stopped() -> None:
    here = Here()
    here.store.failures = [None, None, StaleRouteError()]
    titles = [str(n) for n in range(35)]
    commands = adding(*titles)
    commands["c34"] = "thing.add?fields[TITLE]=after-$result[c0]-$result[c33]"
    stopped = await batch(here, commands, idempotency_key="k")
    assert list(stopped["result"].values()) == list(range(1, 21))
    assert list(stopped["result_error"]) == [f"c{n}" for n in range(20, 35)]
    assert here.store.undone is not None, "what was done has its keys: the gate may try again"
    assert here.store.things == titles[:20]
    done = await batch(here, commands, idempotency_key="k")
    assert list(done["result"].values()) == list(range(1, 36))
    assert here.store.things == [*titles[:34], "after-1-34"]
    again = await batch(here, commands, idempotency_key="k")
    assert again == done
    assert here.store.things == [*titles[:34], "after-1-34"]


@pytest.mark.parametrize(
    "failure", [DatabaseUnavailableError(), OutcomeUnknownError(), RuntimeError("a defect")]
)
async def test_what_is_done_is_told_though_the_rest_fails(failure: Exception) -> None:
    here = Here()
    here.store.failures = [None, failure]
    stopped = await batch(here, adding(*"abcdefghijklm"))
    assert here.store.undone is None, "without a key a second run would do it twice"
    assert list(stopped["result"].values()) == list(range(1, 11))
    assert list(stopped["result_error"]) == ["c10", "c11", "c12"]


async def test_a_batch_of_which_nothing_is_done_fails_as_a_whole() -> None:
    here = Here()
    here.store.failures = [DatabaseUnavailableError()]
    stopped = await here.call("batch", {"cmd": adding(*"abcdefghijklm")})
    assert error_of(stopped) == (503, "INTERNAL_SERVER_ERROR")


async def test_a_batch_that_is_to_halt_names_one_failure() -> None:
    here = Here()
    here.store.failures = [None, *[ContendedError()] * DEADLOCK_ATTEMPTS]
    stopped = await batch(here, adding(*"abcdefghijklm"), halt=1)
    assert (len(stopped["result"]), list(stopped["result_error"])) == (10, ["c10"])


async def test_what_the_transaction_failed_of_is_no_error_of_one_command() -> None:
    here = Here(method_that_raises(StaleRouteError()))
    answer = await here.call("batch", {"cmd": {"a": "thing.add?fields[TITLE]=a", "b": "test.fail"}})
    assert error_of(answer) == (503, "INTERNAL_SERVER_ERROR")
    assert here.store.things == []
