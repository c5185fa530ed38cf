"""Who really asks, behind one or two of our own proxies."""

from collections.abc import Collection

from starlette.requests import HTTPConnection


def address(connection: HTTPConnection, trusted: Collection[str]) -> str:
    """Return the client's address: the last ``X-Forwarded-For`` hop that no proxy of ours has.

    The header is believed only as far as it was written by ``trusted`` addresses; whatever stands to
    the left of the first stranger could have been invented by him.
    """
    peer = connection.client.host if connection.client else ""
    hops = [
        h.strip() for h in connection.headers.get("x-forwarded-for", "").split(",") if h.strip()
    ]
    for hop in (peer, *reversed(hops)):
        if hop not in trusted:
            return hop
    return hops[0] if hops else peer
