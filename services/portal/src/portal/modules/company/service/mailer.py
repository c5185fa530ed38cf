"""The mails of this module, queued in the transaction that causes them."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from portal.modules.company.contracts import Company
from portal.modules.company.domain.people import User


class Mailer:
    """Queues mails."""

    def __init__(
        self, *, enqueue: Callable[[str, str, str, dict[str, str]], Awaitable[None]], url: str
    ) -> None:
        self._enqueue = enqueue
        self._url = url

    async def confirmation(self, user: User, company: str, token: str) -> None:
        """Ask somebody to confirm his address."""
        values = {"company": company, "first_name": user.first_name}
        values["link"] = f"{self._url}/api/v1/confirmations/{token}"
        await self._enqueue("confirmation", user.email, user.locale, values)

    async def invitation(
        self, user: User, company: Company, inviter: User, token: str, expires_at: datetime
    ) -> None:
        """Invite somebody into the company."""
        values = {"company": company.name, "inviter": inviter.full_name}
        values["expires_at"] = expires_at.isoformat()
        values["link"] = f"{self._url}/invitation#{token}"
        await self._enqueue("invitation", user.email, user.locale, values)
