"""What public clients send, byte for byte, and what they need of the answers.

Some requests were captured from the clients, those of b24phpsdk, of PBX connectors and some others are
written as their documentation shows them. Only what a portal makes of its own is filled in: host, code,
ids of leads, and the length of the body.
"""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from kernel.settings import Settings
from testkit.portals import SignUp

from .connection import Connection, Json, connect
from .driver import HERE

pytestmark = pytest.mark.cluster
REQUESTS = HERE / "requests"
LEADS = 120
SECONDS = 30.0
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, and the leads there were."""

    status: int
    headers: httpx.Headers
    body: Json
    leads: Sequence[int]

    @property
    def result(self) -> Any:
        assert self.status == 200, self.body
        return self.body["result"]

    @property
    def batch(self) -> Json:
        """What a batch answers, without errors."""
        result: Json = self.result
        assert set(result) == {
            "result",
            "result_error",
            "result_total",
            "result_next",
            "result_time",
        }
        assert result["result_error"] == []
        return result


@pytest.fixture(scope="module")
async def connection(settings: Settings, new_portal: SignUp) -> Connection:
    return await connect(settings, new_portal)


@pytest.fixture(scope="module")
async def leads(connection: Connection) -> Sequence[int]:
    make = connection.portal.client.post
    made = [await make("/api/v1/crm/leads", json={"title": f"Lead {n}"}) for n in range(LEADS)]
    return [lead.json()["id"] for lead in made]


def request(name: str, connection: Connection, leads: Sequence[int]) -> bytes:
    """Return the bytes of a captured request."""
    head, _, body = (REQUESTS / f"{name}.http").read_text("utf-8").partition("\n\n")
    filled = {
        "host": connection.domain,
        "path": connection.path,
        "tail": connection.path.removeprefix("/rest"),
        "first": leads[0],
        "second": leads[1],
        "fiftieth": leads[49],
    }
    for word, value in filled.items():
        head, body = (text.replace(f"{{{word}}}", str(value)) for text in (head, body))
    content = body.rstrip("\n").encode()
    head = head.replace("{length}", str(len(content)))
    return "\r\n".join([*head.splitlines(), "", ""]).encode() + content


async def replay(
    settings: Settings, name: str, connection: Connection, leads: Sequence[int]
) -> Said:
    """Send the bytes on a connection of their own, and read one answer."""
    door = settings.door
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(door.address, door.http)
        writer.write(request(name, connection, leads))
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = httpx.Headers(dict(line.split(": ", 1) for line in lines))
        content = await reader.readexactly(int(headers["content-length"]))
        writer.close()
        await writer.wait_closed()
    return Said(int(first.split()[1]), headers, json.loads(content), leads)


def complete(time: Json) -> None:
    """Check what strictly typed clients read of each answer's time."""
    assert {type(time[name]) for name in ("start", "finish", "duration", "processing")} == {float}
    assert all(INSTANT.fullmatch(time[name]) for name in ("date_start", "date_finish"))
    assert isinstance(time["operating"], float | int)
    assert type(time["operating_reset_at"]) is int


def first_page(said: Said) -> None:
    assert [int(lead["ID"]) for lead in said.result] == list(said.leads[:50])
    assert set(said.result[0]) == {"ID", "TITLE"}
    assert isinstance(said.result[0]["ID"], str)
    assert said.body["next"] == 50
    assert type(said.body["total"]) is int
    assert said.body["total"] >= LEADS


def uncounted(said: Said) -> None:
    assert [int(lead["ID"]) for lead in said.result] == list(said.leads[:50])
    assert not {"next"} & set(said.body)


def two_pages(said: Said, first: str, second: str) -> None:
    pages = said.batch["result"]
    for at, page in ((50, pages[first]), (100, pages[second])):
        wanted = said.leads[at : at + 50]
        assert [int(lead["ID"]) for lead in page][: len(wanted)] == list(wanted)
    assert said.batch["result_total"][first] == said.batch["result_total"][second] >= LEADS
    assert said.batch["result_next"][first] == 100


def pages_of_sdk(said: Said) -> None:
    """Keys 0, 1 make a list of a map, as PHP has it."""
    batch = said.batch
    assert [len(batch["result"]), len(batch["result_time"])] == [2, 2]
    assert isinstance(batch["result"], list)
    assert [int(lead["ID"]) for lead in batch["result"][0]] == list(said.leads[50:100])
    for time in batch["result_time"]:
        complete(time)


def chain(said: Said) -> None:
    """Fifty commands, each behind the last row of the one before: behind the last page they are empty."""
    pages = said.batch["result"]
    assert list(pages) == [str(n) for n in range(1, 51)]
    found = [int(lead["ID"]) for page in pages.values() for lead in page]
    assert found[: LEADS - 50] == list(said.leads[50:])
    assert not any(pages[str(n)] for n in range(4, 51))
    assert set(said.batch["result_time"]) == set(pages)


def made_two(said: Said) -> None:
    made = said.batch["result"]
    assert list(made) == ["order0000000000", "order0000000001"]
    assert {type(lead) for lead in made.values()} == {int}
    for time in said.batch["result_time"].values():
        complete(time)


def got_two(said: Said) -> None:
    got = said.batch["result"]
    assert list(got) == [str(lead) for lead in said.leads[:2]]
    for lead, fields in got.items():
        assert fields["ID"] == lead
        assert fields["HAS_PHONE"] in {"Y", "N"}


def made_one(said: Said) -> None:
    assert type(said.result) is int


def got_and_made(said: Said) -> None:
    got, made = said.batch["result"]
    assert got["ID"] == str(said.leads[0])
    assert type(made) is int


def got_by_name(said: Said) -> None:
    assert said.batch["result"]["a"]["ID"] == str(said.leads[0])


def profile(said: Said) -> None:
    assert isinstance(said.result["ID"], str)
    assert said.result["ADMIN"] is True


def server_time(said: Said) -> None:
    assert INSTANT.fullmatch(said.result)


def counted_from_one(said: Said) -> None:
    assert said.body["total"] >= LEADS
    assert int(said.result[0]["ID"]) == said.leads[1]


def chain_of_two(said: Said) -> None:
    pages = said.batch["result"]
    assert [int(lead["ID"]) for lead in pages["cmd_0"]] == list(said.leads[:50])
    assert [int(lead["ID"]) for lead in pages["cmd_1"]] == list(said.leads[50:100])
    assert set(said.batch["result_time"]) == {"cmd_0", "cmd_1"}


def newest_first(said: Said) -> None:
    found = [int(lead["ID"]) for lead in said.result]
    assert found == sorted(found, reverse=True)
    assert set(said.result[0]) == {"ID", "TITLE"}


def nobody(said: Said) -> None:
    assert said.result == []
    assert said.body["total"] == 0


def unknown_token(said: Said) -> None:
    """Any SDK asks for another token now, or says that it cannot."""
    assert said.status == 401
    assert said.body["error"] in {"NO_AUTH_FOUND", "invalid_token", "expired_token"}
    assert isinstance(said.body["error_description"], str)


def not_yet(said: Said) -> None:
    assert said.status == 404
    assert "error" in said.body


EXPECTED: dict[str, Callable[[Said], None]] = {
    "b24jssdk-add": made_one,
    "b24jssdk-batch-by-names": got_by_name,
    "b24jssdk-batch-of-a-list": got_and_made,
    "b24jssdk-fetch-list": uncounted,
    "b24jssdk-oauth-double-slash": unknown_token,
    "b24jssdk-ping": server_time,
    "b24jssdk-rest3": not_yet,
    "b24phpsdk-count": counted_from_one,
    "b24phpsdk-fast-list": chain_of_two,
    "b24phpsdk-no-parameters": profile,
    "b24pysdk-as-list": pages_of_sdk,
    "b24pysdk-as-list-fast": chain,
    "b24pysdk-list-uncounted": uncounted,
    "b24pysdk-profile": profile,
    "fast_bitrix24-batch-of-adds": made_two,
    "fast_bitrix24-batch-of-pages": lambda said: two_pages(said, "cmd0000000000", "cmd0000000001"),
    "fast_bitrix24-get-by-id": got_two,
    "fast_bitrix24-list": first_page,
    "fast_bitrix24-token": unknown_token,
    "pbx-form": newest_first,
    "pbx-get-by-query": nobody,
    "pbx-write-by-get": made_one,
}


def test_no_captured_request_is_left_out() -> None:
    assert set(EXPECTED) == {file.stem for file in REQUESTS.glob("*.http")}


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_request_as_it_was_captured_is_answered_as_its_client_needs(
    settings: Settings, connection: Connection, leads: Sequence[int], name: str
) -> None:
    said = await replay(settings, name, connection, leads)

    assert said.headers["content-type"].partition(";")[0] == "application/json"
    if said.status == 200:
        complete(said.body["time"])
    EXPECTED[name](said)
