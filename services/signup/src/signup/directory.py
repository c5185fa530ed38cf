"""What we ask of the routing service: places, claims, publication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.errors import FieldError, InvalidFieldsError
from kernel.ids import PairId, PortalId
from signup.calls import Call, Caller, PeerUnavailableError, Reply
from signup.errors import ClaimLostError, HostTakenError, NoRoomError, PairMovedError
from signup.saga import Serving

Document = Mapping[str, Any]

PAGE, MOST_CLAIMS = 500, 5000
_FOR_EVER = "9999-12-31T00:00:00+00:00"  # we judge by revisions, not by anybody's clock


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a new portal is to live."""

    home: str
    pair: PairId


@dataclass(frozen=True, slots=True)
class Claim:
    """A host name reserved for a portal, as it stood at ``revision``; ``saga`` is ours to read."""

    portal: PortalId
    host: str
    state: str
    saga: Document
    revision: int

    @property
    def is_open(self) -> bool:
        """Whether the portal is still to be published."""
        return self.state == "claimed"


class Directory:
    """The routing service of this datacentre, or the other one."""

    def __init__(self, caller: Caller, urls: Sequence[str]) -> None:
        self._caller = caller
        self._urls = urls

    async def place(self, region: str) -> Placement:
        """Choose the home by region and the pair by free capacity, or raise ``NoRoomError``."""
        reply = await self._send(Call("POST", "/v1/placements", {"region": region}))
        if reply.code == "no-capacity":
            raise NoRoomError(retry_after=60)
        found = _body(reply)
        return Placement(found["home"], PairId(found["pair"]))

    async def serving(self, pair: PairId, side: str) -> Serving:
        """Return who serves the side now."""
        found = _body(await self._send(Call("GET", f"/v1/pairs/{pair}")))
        owner = found["serving"][side]
        others = found["serving"].keys() - {owner, found["away"]}
        return Serving(
            owner=owner,
            term=found["term"],
            revision=found["revision"],
            standby=next(iter(others), None),
            needs_standby=bool(others) and found["mode"] == "SYNC",
        )

    async def claim(
        self, portal: PortalId, host: str, where: Placement, saga: Document, *, locale: str
    ) -> Claim:
        """Reserve the host.

        Raises ``HostTakenError``, ``InvalidFieldsError`` with texts in ``locale``, or
        ``ClaimLostError`` if somebody else claimed it for the same portal.
        """
        body = {
            "portal": str(portal),
            "host": host,
            "home": where.home,
            "pair": where.pair,
            "saga": saga,
        }
        reply = await self._send(Call("POST", "/v1/claims", body, locale=locale))
        if reply.code == "host-invalid":
            raise InvalidFieldsError([FieldError("/host", reply.code, reply.body["detail"])])
        if reply.code == "host-taken":
            raise HostTakenError(host=host)
        if reply.code == "portal-taken":  # published already, and its claim forgotten
            raise ClaimLostError
        return _ours(_claim(_body(reply)), saga)

    async def find_claim(self, portal: PortalId) -> Claim | None:
        """Return the claim, or ``None``."""
        reply = await self._send(Call("GET", f"/v1/claims/{portal}"))
        return None if reply.status == 404 else _claim(_body(reply))

    async def claims(self) -> list[Claim]:
        """Return every claim, up to a bound; those published are there until ``release``."""
        found: list[Claim] = []
        query = {"updated_before": _FOR_EVER, "limit": str(PAGE)}
        while len(found) < MOST_CLAIMS:
            page = _body(await self._send(Call("GET", "/v1/claims", query=query)))
            found += map(_claim, page["claims"])
            if page["next"] is None:
                break
            query["after"] = page["next"]
        return found

    async def is_published(self, portal: PortalId) -> bool:
        """Whether the portal exists for the world."""
        reply = await self._send(Call("GET", f"/v1/portals/{portal}"))
        if reply.status == 404:
            return False
        _body(reply)
        return True

    async def save(self, claim: Claim, saga: Document) -> Claim:
        """Write the saga if the claim is as we saw it; else ``ClaimLostError``."""
        body = {"revision": claim.revision, "saga": saga}
        reply = await self._send(Call("PUT", f"/v1/claims/{claim.portal}", body))
        if reply.status in {404, 409}:
            return await self._ours_after_all(claim, saga)
        return _claim(_body(reply))

    async def publish(
        self, claim: Claim, route: Document, saga: Document, *, pair_revision: int
    ) -> None:
        """Make the portal known to the world, if claim and pair are as we saw them.

        Else ``ClaimLostError`` or ``PairMovedError``.
        """
        body = {
            "revision": claim.revision,
            "pair_revision": pair_revision,
            "route": route,
            "saga": saga,
        }
        reply = await self._send(Call("POST", f"/v1/claims/{claim.portal}/publication", body))
        if reply.code == "pair-moved":
            raise PairMovedError
        if reply.status in {404, 409}:
            await self._ours_after_all(claim, saga)
        else:
            _body(reply)

    async def release(self, claim: Claim) -> None:
        """Forget the claim, and give the host back unless it was published.

        Raises ``ClaimLostError`` if the claim is not as we saw it.
        """
        query = {"revision": str(claim.revision)}
        reply = await self._send(Call("DELETE", f"/v1/claims/{claim.portal}", query=query))
        if reply.status == 409:
            raise ClaimLostError
        if reply.status != 404:  # else an earlier attempt of ours, whose answer was lost
            _body(reply)

    async def ready(self) -> str | None:
        """Return ``None`` if a routing service answers, else one sentence why not."""
        try:
            await self._send(Call("GET", "/readyz", seconds=1.0))
        except PeerUnavailableError as error:
            return f"routing: {error.reason}"
        return None

    async def _ours_after_all(self, claim: Claim, saga: Document) -> Claim:
        """Tell a lost answer from a lost claim: no two runners ever write equal sagas."""
        now = await self.find_claim(claim.portal)
        if now is None:
            raise ClaimLostError
        return _ours(now, saga)

    async def _send(self, call: Call) -> Reply:
        return await self._caller.send(self._urls, call)


def _ours(claim: Claim, saga: Document) -> Claim:
    if claim.saga != saga:
        raise ClaimLostError
    return claim


def _claim(body: Document) -> Claim:
    return Claim(
        portal=PortalId(int(body["portal"])),
        host=body["host"],
        state=body["state"],
        saga=body["saga"],
        revision=body["revision"],
    )


def _body(reply: Reply) -> Any:
    """Return the body; a refusal here is a defect on one of the two sides, and says so."""
    if reply.is_refusal:
        raise RuntimeError(f"the routing service refuses: {reply.status} {reply.code}")
    return reply.body
