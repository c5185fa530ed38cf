"""The JSON of licences."""

from typing import Self

from pydantic import BaseModel, Field

from portal.modules.licence.contracts import Plan


class LicenceOut(BaseModel):
    """A portal's plan, what it costs and what of it is used."""

    plan: str
    price: float = Field(description="per month")
    currency: str
    users_allowed: int | None = Field(description="active users; null is no limit")
    storage_bytes_allowed: int | None = Field(description="null is no limit")

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Map the plan to the wire."""
        return cls(
            plan=plan.code,
            price=float(plan.price),
            currency=plan.currency,
            users_allowed=plan.users,
            storage_bytes_allowed=plan.storage_bytes,
        )
