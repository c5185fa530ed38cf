"""b24pysdk as it is on PyPI, over TLS: it trusts our authority and nothing else of ours."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from kernel.settings import Settings
from testkit.portals import SignUp

from .connection import Connection, connect
from .driver import HERE, PYTHON, ClientError, Driver

pytestmark = pytest.mark.cluster
LEADS = 230
"""Five pages: a chain of commands goes beyond the last one."""


class Sdk:
    """The library, called as its users call it."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def __call__(self, method: str, *, pages: str = "", **arguments: Any) -> Any:
        """Return the result of ``client.<method>(**arguments)``; it must not have anything to warn of."""
        order = {"method": method, "with": arguments, "as": pages}
        answer = await self._driver.answer(order)
        assert answer.warnings == []
        return answer.result

    async def batches(self, calls: Sequence[tuple[str, dict[str, Any]]]) -> Any:
        """Return the results of many calls, fifty at a time."""
        orders = [{"method": method, "with": arguments} for method, arguments in calls]
        return (await self._driver.answer({"batches": orders})).result


@pytest.fixture(scope="module")
async def connection(settings: Settings, new_portal: SignUp) -> Connection:
    return await connect(settings, new_portal)


@pytest.fixture(scope="module")
async def sdk(settings: Settings, connection: Connection) -> AsyncIterator[Sdk]:
    command = [PYTHON, HERE / "drivers" / "b24pysdk_driver.py"]
    first = json.dumps({"domain": connection.domain, "webhook_token": connection.token})
    async with Driver.started(settings, command, first) as driver:
        yield Sdk(driver)


@pytest.fixture(scope="module")
async def leads(sdk: Sdk) -> Sequence[int]:
    calls = [
        ("crm.lead.add", {"fields": {"TITLE": f"Лид & {n}", "OPPORTUNITY": n, "OPENED": "N"}})
        for n in range(LEADS)
    ]
    made: Sequence[int] = await sdk.batches(calls)
    assert len(set(made)) == LEADS
    return made


async def test_batches_make_what_the_native_api_has(
    connection: Connection, leads: Sequence[int]
) -> None:
    found = await connection.leads()

    assert {(lead, f"Лид & {n}") for n, lead in enumerate(leads)} == {
        (lead["id"], lead["title"]) for lead in found.values()
    }


@pytest.mark.parametrize("pages", ["list", "fast"])
async def test_a_list_of_many_pages_is_whole(sdk: Sdk, leads: Sequence[int], pages: str) -> None:
    found = await sdk("crm.lead.list", pages=pages)

    assert [int(lead["ID"]) for lead in found] == sorted(leads)


async def test_a_lead_is_read_changed_and_deleted(
    sdk: Sdk, connection: Connection, leads: Sequence[int]
) -> None:
    lead = await sdk("crm.lead.add", fields={"TITLE": "One", "EMAIL": [{"VALUE": "a@b.example"}]})

    assert await sdk("crm.lead.update", bitrix_id=lead, fields={"TITLE": "Two"}) is True
    got = await sdk("crm.lead.get", bitrix_id=lead)
    assert (got["ID"], got["TITLE"], got["STATUS_ID"]) == (str(lead), "Two", "NEW")
    assert [email["VALUE"] for email in got["EMAIL"]] == ["a@b.example"]
    assert (await connection.leads())[str(lead)]["title"] == "Two"
    assert await sdk("crm.lead.delete", bitrix_id=lead) is True
    with pytest.raises(ClientError) as refused:
        await sdk("crm.lead.get", bitrix_id=lead)
    assert "Not found" in str(refused.value)


async def test_filters_and_orders_are_those_of_the_documents(
    sdk: Sdk, leads: Sequence[int]
) -> None:
    found = await sdk(
        "crm.lead.list",
        filter={">=OPPORTUNITY": 10, "<OPPORTUNITY": 20},
        order={"OPPORTUNITY": "DESC"},
        select=["ID", "OPPORTUNITY"],
    )

    assert [int(lead["ID"]) for lead in found] == [leads[n] for n in range(19, 9, -1)]
    assert set(found[0]) == {"ID", "OPPORTUNITY"}


async def test_fields_are_described(sdk: Sdk) -> None:
    fields = await sdk("crm.lead.fields")

    assert {"TITLE", "STATUS_ID", "PHONE", "ASSIGNED_BY_ID"} <= set(fields)
    assert fields["ID"]["type"] == "integer"
    assert fields["TITLE"]["isReadOnly"] is False
    users = await sdk("user.fields")
    assert {"ID", "EMAIL", "NAME", "ACTIVE"} <= set(users)


async def test_users_are_found(sdk: Sdk, connection: Connection) -> None:
    me = await sdk("user.current")

    assert (me["ID"], me["EMAIL"]) == (str(connection.portal.user_id), connection.portal.email)
    assert [user["ID"] for user in await sdk("user.get", filter={"ID": me["ID"]})] == [me["ID"]]
    assert [user["ID"] for user in await sdk("user.get", pages="list")] == [me["ID"]]
    assert await sdk("user.get", filter={"EMAIL": "nobody@nowhere.example"}) == []


async def test_the_core_says_who_and_what_is_there(sdk: Sdk, connection: Connection) -> None:
    assert (await sdk("profile"))["ID"] == str(connection.portal.user_id)
    assert {"crm", "user"} <= set(await sdk("scope"))
    assert await sdk("user.admin") is True
    assert await sdk("method.get", name="crm.lead.add") == {
        "isExisting": True,
        "isAvailable": True,
    }
    assert (await sdk("method.get", name="no.such.method"))["isExisting"] is False
    assert (await sdk("server.time"))[:2] == "20"


async def test_dictionaries_are_there(sdk: Sdk) -> None:
    stages = await sdk("crm.status.list", filter={"ENTITY_ID": "STATUS"})

    assert {"NEW", "IN_PROCESS", "PROCESSED", "JUNK", "CONVERTED"} <= {
        stage["STATUS_ID"] for stage in stages
    }
    owners = await sdk("crm.enum.ownertype")
    assert {owner["ID"]: owner["SYMBOL_CODE_SHORT"] for owner in owners}[1] == "L"


async def test_custom_fields_are_made_filled_and_found(sdk: Sdk) -> None:
    made = await sdk(
        "crm.lead.userfield.add", fields={"FIELD_NAME": "SIZE", "USER_TYPE_ID": "string"}
    )
    lead = await sdk("crm.lead.add", fields={"TITLE": "Boxed", "UF_CRM_SIZE": "XL"})

    found = await sdk("crm.lead.list", filter={"UF_CRM_SIZE": "XL"}, select=["ID", "UF_*"])
    assert [(row["ID"], row["UF_CRM_SIZE"]) for row in found] == [(str(lead), "XL")]
    assert await sdk("crm.lead.delete", bitrix_id=lead) is True
    assert await sdk("crm.lead.userfield.delete", bitrix_id=made) is True


async def test_a_method_that_is_not_there_is_said_to_be_so(sdk: Sdk) -> None:
    with pytest.raises(ClientError) as refused:
        await sdk("crm.quote.fields")
    assert "NotFound" in refused.value.name or "ERROR_METHOD_NOT_FOUND" in str(refused.value)
