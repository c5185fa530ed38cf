"""The tables of licences."""

from sqlalchemy import BigInteger, Column, Double, Integer, Numeric, String

from db.schema import installation_wide, moment, owned_by_key

plans = installation_wide(
    "plans",
    Column("code", String(32), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("price", Numeric(12, 2), nullable=False, comment="per month"),
    Column("currency", String(3), nullable=False),
    Column("users", Integer, nullable=True, comment="active users; NULL is no limit"),
    Column("storage_bytes", BigInteger, nullable=True, comment="NULL is no limit"),
    Column("rest_burst", Integer, nullable=True, comment="requests at once; NULL is no limit"),
    Column("rest_per_second", Double, nullable=True, comment="requests a second; NULL is no limit"),
    Column(
        "rest_operating_seconds",
        Integer,
        nullable=True,
        comment="of each method in ten minutes; NULL is no limit",
    ),
)

licences = owned_by_key(
    "licences",
    Column("plan", String(32), nullable=False),
    Column("granted_at", moment(), nullable=False),
)
