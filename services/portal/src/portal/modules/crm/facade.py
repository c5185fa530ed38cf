"""What the rest of the portal may ask of the CRM."""

from db.sessions import WriteSession
from portal.modules.crm import wiring


async def found(session: WriteSession, locale: str) -> None:
    """Give a new portal its default lists, in the language of its sign-up."""
    await wiring.found(session, locale)
