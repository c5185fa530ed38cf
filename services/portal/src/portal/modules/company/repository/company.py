"""The company itself in the database."""

from sqlalchemy import bindparam, insert, select

from db.errors import DuplicateKeyError
from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from portal.modules.company.contracts import Company
from portal.modules.company.tables import companies

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
