"""The one clock that jobs are judged by: that of the portal's database.

Web nodes and workers may disagree by an hour; a lease that one of them wrote and another reads would
then be worth nothing. All of them ask the same server.
"""

from typing import Any

from sqlalchemy import bindparam, func, text
from sqlalchemy.sql.functions import Function

from db.schema import moment

NOW: Function[Any] = func.utc_timestamp(text("6"), type_=moment())


def in_microseconds(name: str) -> Function[Any]:
    """Now and so much later (or, negative, earlier) as the parameter ``name`` says; NULL stays NULL."""
    return func.timestampadd(text("MICROSECOND"), bindparam(name), NOW)


def microseconds(seconds: float) -> int:
    """Return the value for such a parameter."""
    return round(seconds * 1_000_000)
