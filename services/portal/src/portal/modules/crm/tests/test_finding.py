"""Leads by any conditions, on a real database: each answer is that of a search through plain values."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.engine import Database
from db.sessions import reading, writing
from kernel.conditions import Condition, Operator, Sorting
from kernel.ids import PortalId
from kernel.settings import Settings
from portal.modules.company.contracts import UserId
from portal.modules.crm import tables
from portal.modules.crm.contracts import CardKind, FieldId
from portal.modules.crm.domain.communications import Email, Phone, Web
from portal.modules.crm.domain.custom.definitions import Field, FieldDetails, FieldType
from portal.modules.crm.domain.custom.values import read
from portal.modules.crm.domain.entries import numbered
from portal.modules.crm.domain.leads import Lead, LeadDetails
from portal.modules.crm.domain.lists import PortalLists, default_lists
from portal.modules.crm.domain.parts import Address
from portal.modules.crm.repository.fields import FieldStore
from portal.modules.crm.repository.finding import LeadFinder
from portal.modules.crm.repository.leads import LeadStore
from testkit import bare_portals

ROWS = 24
TEXTS = ("Альфа", "beta 100%", "", "gam_ma", "'; DROP TABLE crm_leads; --", "back\\slash")
START = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY_KNOWS = "no such thing"


@dataclass(frozen=True)
class Shelf:
    """A portal with leads that differ in everything, and fields of its own of each type."""

    database: Database
    portal: PortalId
    lists: PortalLists
    leads: list[Lead]

    async def found(self, *conditions: Condition, **rest: Any) -> list[int]:
        """Return the places of the leads that are found."""
        asked = {"sorting": [], "offset": 0, "limit": 1_000, **rest}
        async with reading(self.database, self.portal) as session:
            finder = LeadFinder(session, self._lists)
            leads = await finder.page(conditions, asked["sorting"], asked["offset"], asked["limit"])
            assert rest or await finder.count(conditions) == len(leads)
        ids = [lead.id for lead in self.leads]
        return [ids.index(lead.id) for lead in leads]

    async def _lists(self) -> PortalLists:
        return self.lists


def places(holds: Callable[[int], bool]) -> list[int]:
    """Return the places of the leads for which something holds."""
    return [n for n in range(ROWS) if holds(n)]


def own_values(n: int) -> dict[FieldType, Any]:
    """Return what the lead of this place holds in the fields of the portal's own."""
    at = START + timedelta(hours=n)
    return {
        FieldType.STRING: TEXTS[n % len(TEXTS)],
        FieldType.INTEGER: n - 5,
        FieldType.DOUBLE: n / 4,
        FieldType.BOOLEAN: n % 2 == 0,
        FieldType.DATE: at.date().isoformat(),
        FieldType.DATETIME: at.isoformat(),
        FieldType.MONEY: {"amount": str(n * 3), "currency": "EUR"},
        FieldType.EMPLOYEE: n % 3 + 1,
        FieldType.CRM_STATUS: ("NEW", "JUNK")[n % 2],
        FieldType.CRM: f"lead:{n + 1}",
    }


def details_of(n: int, fields: list[Field], lists: PortalLists) -> LeadDetails:
    custom: dict[int, Any] = {}
    for field in fields if n % 8 != 7 else ():
        value = own_values(n)[field.details.type]
        held = (
            read(field, [value, own_values(0)[field.details.type]], lists)
            if (field.details.is_multiple)
            else read(field, value, lists)
        )
        if held is not None:
            custom[field.id] = held
    return LeadDetails(
        title=f"{TEXTS[n % len(TEXTS)]} {n}",
        status=("NEW", "IN_PROCESS", "JUNK")[n % 3],
        currency="EUR",
        responsible_id=UserId(n % 4 + 1),
        source=("CALL", None)[n % 2],
        amount=Decimal(n) if n % 5 else None,
        phones=numbered((), [Phone(f"8 495 123-45-{n:02}")] if n % 2 else []),
        emails=numbered((), [Email(f"U{n}@Example.com")] if n % 3 else []),
        webs=numbered((), [Web(f"https://example.com/{n}")] if n % 4 else []),
        origin_id=f"o-{n}" if n % 2 else None,
        is_public=n % 6 != 0,
        honorific="HNR_RU_1" if n % 4 == 1 else None,
        birth_date=date(1980, 1, n + 1) if n % 3 else None,
        address=Address(city=TEXTS[n % len(TEXTS)]),
        is_amount_manual=n % 5 == 0,
        custom=custom,
    )


@pytest.fixture(scope="module")
async def shelf(settings: Settings, database: Database) -> AsyncIterator[Shelf]:
    mine = (tables.leads, tables.lookups, tables.fields)
    async with bare_portals.opening(settings, database, *mine) as portals:
        portal = await portals.open()
        lists, leads = default_lists("ru"), []
        async with writing(database, portal) as session:
            session.actor = 1
            fields = FieldStore(session)
            for kind in own_values(0):
                for is_multiple in (False, True):
                    code = f"{kind.upper()}{'S' * is_multiple}"
                    details = FieldDetails(code, kind, is_multiple=is_multiple)
                    await fields.add(Field(FieldId(0), CardKind.LEAD, details))
            known = list(await fields.read())
            lists = replace(lists, fields=known)
            store = LeadStore(session, lists)
            leads = [await store.add(details_of(n, known, lists)) for n in range(ROWS)]
        yield Shelf(database, portal.portal, lists, leads)


CASES: list[tuple[str, Callable[[int], Any], list[Any]]] = [
    ("status", lambda n: ("NEW", "IN_PROCESS", "JUNK")[n % 3], ["NEW", "JUNK", NOBODY_KNOWS]),
    ("source", lambda n: ("CALL", None)[n % 2], ["CALL", NOBODY_KNOWS]),
    ("responsible_id", lambda n: n % 4 + 1, [1, 3, 99]),
    ("amount", lambda n: Decimal(n) if n % 5 else None, [Decimal(3), Decimal(12), Decimal(-1)]),
    ("origin_id", lambda n: f"o-{n}" if n % 2 else None, ["o-3", "o-99"]),
    ("is_public", lambda n: n % 6 != 0, [True, False]),
    ("is_amount_manual", lambda n: n % 5 == 0, [True, False]),
    ("has_phone", lambda n: n % 2 == 1, [True, False]),
    ("has_email", lambda n: n % 3 != 0, [True, False]),
    ("honorific", lambda n: "HNR_RU_1" if n % 4 == 1 else None, ["HNR_RU_1", NOBODY_KNOWS]),
    ("birth_date", lambda n: date(1980, 1, n + 1) if n % 3 else None, [date(1980, 1, 5)]),
    ("address.city", lambda n: TEXTS[n % len(TEXTS)] or None, [*filter(None, TEXTS), "x"]),
    ("custom.STRING", lambda n: own(n, FieldType.STRING) or None, [*filter(None, TEXTS), "x"]),
    ("custom.INTEGER", lambda n: own(n, FieldType.INTEGER), [-5, 0, 7, 99]),
    ("custom.DOUBLE", lambda n: own(n, FieldType.DOUBLE), [0.25, 1, Decimal("2.5")]),
    ("custom.EMPLOYEE", lambda n: own(n, FieldType.EMPLOYEE), [1, 2, 9]),
    ("custom.CRM_STATUS", lambda n: own(n, FieldType.CRM_STATUS), ["NEW", NOBODY_KNOWS]),
    ("custom.CRM", lambda n: own(n, FieldType.CRM), ["lead:1", "lead:99"]),
    ("custom.BOOLEAN", lambda n: own(n, FieldType.BOOLEAN), [True, False]),
    ("custom.DATE", lambda n: read_as(date, own(n, FieldType.DATE)), [date(2026, 1, 1)]),
    (
        "custom.DATETIME",
        lambda n: read_as(datetime, own(n, FieldType.DATETIME)),
        [START + timedelta(hours=3), START.astimezone() + timedelta(hours=9)],
    ),
    (
        "custom.MONEY",
        lambda n: None if n % 8 == 7 else Decimal(n * 3),
        [Decimal(9), Decimal("9.01"), Decimal(60)],
    ),
]


def own(n: int, kind: FieldType) -> Any:
    return None if n % 8 == 7 else own_values(n)[kind]


def read_as(kind: Any, text: str | None) -> Any:
    return None if text is None else kind.fromisoformat(text)


ORDERED: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: lambda a, b: a == b,
    Operator.NOT_EQUAL: lambda a, b: a != b,
    Operator.GREATER: lambda a, b: a is not None and a > b,
    Operator.AT_LEAST: lambda a, b: a is not None and a >= b,
    Operator.LESS: lambda a, b: a is not None and a < b,
    Operator.AT_MOST: lambda a, b: a is not None and a <= b,
}


@pytest.mark.parametrize(("field", "value_of", "values"), CASES, ids=[c[0] for c in CASES])
async def test_each_field_is_compared_as_its_values_are(
    shelf: Shelf, field: str, value_of: Callable[[int], Any], values: list[Any]
) -> None:
    is_text = isinstance(values[0], str)
    for value in values:
        for operator, holds in ORDERED.items():
            if is_text and operator not in {Operator.EQUAL, Operator.NOT_EQUAL}:
                continue  # how texts are ordered is the collation's affair
            expected = [n for n in range(ROWS) if holds(value_of(n), value)]
            assert await shelf.found(Condition(field, operator, (value,))) == expected, operator
    one_of = places(lambda n: value_of(n) in values)
    assert await shelf.found(Condition(field, Operator.ONE_OF, tuple(values))) == one_of
    none_of = places(lambda n: value_of(n) not in values)
    assert await shelf.found(Condition(field, Operator.NONE_OF, tuple(values))) == none_of
    filled = places(lambda n: value_of(n) is not None)
    assert await shelf.found(Condition(field, Operator.FILLED)) == filled
    empty = places(lambda n: value_of(n) is None)
    assert await shelf.found(Condition(field, Operator.EMPTY)) == empty


@pytest.mark.parametrize("field", ["title", "address.city", "custom.STRING"])
async def test_a_text_is_searched_for_as_it_stands_and_a_pattern_by_its_percent_signs(
    shelf: Shelf, field: str
) -> None:
    def text(n: int) -> str:
        if field == "custom.STRING":
            return own(n, FieldType.STRING) or ""
        return TEXTS[n % len(TEXTS)] + (f" {n}" if field == "title" else "")

    for part in ("100%", "%", "_", "DROP TABLE", "\\", "ALPHA", "ьфа"):
        expected = [n for n in range(ROWS) if part in text(n)]
        assert await shelf.found(Condition(field, Operator.CONTAINS, (part,))) == expected, part
        lacking = [n for n in range(ROWS) if part not in text(n)]
        assert await shelf.found(Condition(field, Operator.LACKS, (part,))) == lacking, part
    begins = places(lambda n: text(n).startswith("beta"))
    assert await shelf.found(Condition(field, Operator.LIKE, ("beta%",))) == begins
    assert await shelf.found(Condition(field, Operator.LIKE, ("bet_ 100",))) == []


MANY = [kind for kind in own_values(0) if kind is not FieldType.STRING]


@pytest.mark.parametrize("kind", MANY)
async def test_a_field_of_many_values_is_found_by_each_of_them(
    shelf: Shelf, kind: FieldType
) -> None:
    field = f"custom.{kind.upper()}S"

    def asked(n: int) -> Any:
        value = own_values(n)[kind]
        if kind is FieldType.MONEY:
            return {"amount": f"{n * 3}.00", "currency": "EUR"}
        return value

    value = asked(3)
    wanted = own_values(3)[kind]  # each lead holds its own value and that of the first
    holders = places(lambda n: n % 8 != 7 and wanted in (own_values(n)[kind], own_values(0)[kind]))
    assert await shelf.found(Condition(field, Operator.EQUAL, (value,))) == holders
    others = places(lambda n: n not in holders)
    assert await shelf.found(Condition(field, Operator.NONE_OF, (value,))) == others
    everybody = places(lambda n: n % 8 != 7)
    assert await shelf.found(Condition(field, Operator.ONE_OF, (value, asked(0)))) == everybody
    assert await shelf.found(Condition(field, Operator.FILLED)) == everybody


async def test_numbers_and_addresses_are_found_however_they_are_written(shelf: Shelf) -> None:
    for written in ("+7 (495) 123-45-03", "84951234503"):
        assert await shelf.found(Condition("phones", Operator.EQUAL, (written,))) == [3]
    both = ("84951234503", "84951234505")
    assert await shelf.found(Condition("phones", Operator.ONE_OF, both)) == [3, 5]
    others = places(lambda n: n not in {3, 5})
    assert await shelf.found(Condition("phones", Operator.NONE_OF, both)) == others
    assert await shelf.found(Condition("emails", Operator.EQUAL, ("u4@EXAMPLE.com",))) == [4]
    part = places(lambda n: n % 3 != 0)
    assert await shelf.found(Condition("emails", Operator.CONTAINS, ("@example",))) == part
    assert await shelf.found(Condition("phones", Operator.FILLED)) == places(lambda n: n % 2 == 1)
    web = Condition("webs", Operator.EQUAL, ("https://example.com/5",))
    assert await shelf.found(web) == [5]


async def test_conditions_hold_together_and_the_order_is_total(shelf: Shelf) -> None:
    conditions = (
        Condition("status", Operator.EQUAL, ("NEW",)),
        Condition("custom.INTEGER", Operator.AT_LEAST, (0,)),
        Condition("has_phone", Operator.EQUAL, (True,)),
    )
    expected = places(lambda n: n % 3 == 0 and n >= 5 and n % 2 == 1 and n % 8 != 7)
    assert await shelf.found(*conditions) == expected
    by_responsible = sorted(range(ROWS), key=lambda n: (-(n % 4), -n))
    sorting = [Sorting("responsible_id", is_descending=True)]
    assert await shelf.found(sorting=sorting) == by_responsible
    by_own = sorted(range(ROWS), key=lambda n: (n % 8 != 7, n))
    assert await shelf.found(sorting=[Sorting("custom.INTEGER")]) == by_own


async def test_pages_give_the_list_once(shelf: Shelf) -> None:
    sorting = [Sorting("amount"), Sorting("id", is_descending=True), Sorting("title")]
    whole = await shelf.found(sorting=sorting, offset=0)
    pages = [await shelf.found(sorting=sorting, offset=n, limit=5) for n in range(0, 30, 5)]
    assert [n for page in pages for n in page] == whole
    assert sorted(whole) == list(range(ROWS))


async def test_a_page_behind_an_id_goes_along_the_primary_key(shelf: Shelf) -> None:
    behind = Condition("id", Operator.GREATER, (shelf.leads[20].id,))
    assert await shelf.found(behind, sorting=[Sorting("id")], limit=50) == [21, 22, 23]


@pytest.mark.parametrize("field", ["portal_id", "extras", "custom.NOPE", "1; DROP TABLE t", ""])
async def test_a_field_that_is_not_there_is_a_defect_of_who_asks(shelf: Shelf, field: str) -> None:
    with pytest.raises(KeyError):
        await shelf.found(Condition(field, Operator.EQUAL, ("x",)))
    with pytest.raises(KeyError):
        await shelf.found(sorting=[Sorting(field)])


TEXT_FIELDS = ("title", "origin_id", "address.city", "custom.STRING", "custom.STRINGS", "webs")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(TEXT_FIELDS),
    st.sampled_from([o for o in Operator if not o.takes_none]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
async def test_whatever_is_looked_for_is_only_looked_for(
    shelf: Shelf, field: str, operator: Operator, text: str
) -> None:
    await shelf.found(Condition(field, operator, (text,)))
