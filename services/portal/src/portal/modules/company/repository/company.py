"""The company itself and its departments in the database."""

from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, insert, select

from db.errors import DuplicateKeyError
from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from kernel.facts import Fact
from portal.modules.company.contracts import Company, Department, DepartmentId
from portal.modules.company.errors import DepartmentNotFoundError
from portal.modules.company.tables import companies, departments

_GET = Statement(
    select(
        companies.c.name,
        companies.c.host,
        companies.c.region,
        companies.c.home_dc,
        companies.c.locale,
        companies.c.created_at,
    ).where(companies.c.portal_id == bindparam("portal_id"))
)
_ADD = Statement(
    insert(companies),
    columns=("portal_id", "name", "host", "region", "home_dc", "locale", "created_at"),
)
_MY_DEPARTMENTS = departments.c.portal_id == bindparam("portal_id")
_DEPARTMENTS = Statement(
    select(departments.c.id, departments.c.name, departments.c.parent_id)
    .where(_MY_DEPARTMENTS, departments.c.id > bindparam("after"))
    .order_by(departments.c.id)
    .limit(bindparam("limit"))
)
_ADD_DEPARTMENT = Statement(insert(departments), columns=("portal_id", "name", "parent_id"))


class CompanyRepository:
    """The company of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self) -> Company | None:
        """Return the company, unless the portal has no rows yet."""
        row = await self._session.first(_GET)
        if row is None:
            return None
        name, host, region, home_dc, locale, created_at = row
        return Company(name, host.decode(), region, home_dc, locale, created_at)

    async def departments(self, *, after: int, limit: int) -> Sequence[Department]:
        """Return departments by id."""
        rows = await self._session.all(_DEPARTMENTS, after=after, limit=limit)
        return [Department(DepartmentId(i), name, parent) for i, name, parent in rows]

    async def missing_departments(self, wanted: Collection[int]) -> list[int]:
        """Return those ids that are no department of this portal."""
        if not wanted:
            return []
        found = select(departments.c.id).where(
            _MY_DEPARTMENTS, departments.c.id.in_(sorted(wanted))
        )
        known = {row[0] for row in await self._session.all(Statement(found))}
        return sorted(set(wanted) - known)


class CompanyStore(CompanyRepository):
    """The company of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def add(self, company: Company) -> bool:
        """Insert; ``False`` if the portal has its company already."""
        try:
            await self._writer.insert(
                _ADD,
                name=company.name,
                host=company.host.encode(),
                region=company.region,
                home_dc=company.home_dc,
                locale=company.locale,
                created_at=company.created_at,
            )
        except DuplicateKeyError:
            return False
        return True

    async def make(self, name: str, parent: DepartmentId | None) -> Department:
        """Insert a department under a parent that exists."""
        if parent is not None and await self.missing_departments([parent]):
            raise DepartmentNotFoundError(ids=[parent])
        made = DepartmentId(await self._writer.insert(_ADD_DEPARTMENT, name=name, parent_id=parent))
        self._writer.publish(Fact("department", made, "created", {"name": name}))
        return Department(made, name, parent)
