"""Builds what the licence module needs."""

from db.sessions import ReadSession
from portal.modules.licence.repository import LicenceRepository, grant


def licences(session: ReadSession) -> LicenceRepository:
    """Return the licence of the session's portal."""
    return LicenceRepository(session)


__all__ = ["grant", "licences"]
