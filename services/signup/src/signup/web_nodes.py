"""What we ask of the web nodes of the owner datacentre: the portal's rows."""

from typing import Any

from kernel.settings import Settings
from signup.calls import Call, Caller, Reply
from signup.errors import StepRefusedError
from signup.saga import EPOCH, PLAN, Saga

SECONDS = 6.0


class WebNodes:
    """The internal side of the datacentres' balancers."""

    def __init__(self, caller: Caller, settings: Settings) -> None:
        self._caller = caller
        self._settings = settings

    async def found(self, saga: Saga) -> int:
        """Write the portal's rows; return its administrator. Called again, returns the same one."""
        reply = await self._send("POST", "/internal/portals", _portal(saga), saga)
        return int(reply.body["user"]["id"])

    async def remove(self, saga: Saga) -> None:
        """Remove all rows of the portal, if there are any."""
        await self._send(
            "DELETE", f"/internal/portals/{saga.portal}", {"route": _route(saga)}, saga
        )

    async def _send(self, verb: str, path: str, body: dict[str, Any], saga: Saga) -> Reply:
        url = self._settings.internal_url(saga.served.owner)
        call = Call(verb, path, body, locale=saga.application.locale, seconds=SECONDS)
        reply = await self._caller.send([url], call)
        if reply.is_refusal:
            raise StepRefusedError(f"{verb} of the rows: {reply.status} {reply.code}")
        return reply


def _route(saga: Saga) -> dict[str, Any]:
    return {
        "portal": str(saga.portal),
        "host": saga.application.host,
        "pair": saga.pair,
        "home": saga.home,
        "owner": saga.served.owner,
        "term": saga.served.term,
        "epoch": EPOCH,
    }


def _portal(saga: Saga) -> dict[str, Any]:
    assert saga.account is not None  # noqa: S101  # an earlier step of the same saga
    application, account = saga.application, saga.account
    return {
        "route": _route(saga),
        "company": application.company,
        "region": application.region,
        "locale": application.locale,
        "plan": PLAN,
        "admin": {
            "email": application.email,
            "password_hash": saga.credentials.password_hash,
            "first_name": application.first_name or "",
            "last_name": application.last_name or "",
        },
        "session_token_hash": saga.credentials.token_hash,
        "storage": {
            "bucket": account.bucket,
            "access_key": account.key.id,
            "secret_key": account.key.secret,
        },
    }
