"""What a receiver gets: a form whose names are nested with brackets, as documented."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from kernel.ids import PortalId
from portal.modules.webhooks.contracts import HandlerId


@dataclass(frozen=True, slots=True)
class Sender:
    """By what a receiver knows who sends: the portal, and the token that both know."""

    domain: str
    client_endpoint: str
    server_endpoint: str
    member_id: str
    application_token: str = field(repr=False)

    def to_wire(self) -> dict[str, str]:
        """Return ``auth`` of the body."""
        return {
            "domain": self.domain,
            "client_endpoint": self.client_endpoint,
            "server_endpoint": self.server_endpoint,
            "member_id": self.member_id,
            "application_token": self.application_token,
        }


def body_of(
    event: str, handler: HandlerId, data: Mapping[str, Any], at: datetime, sender: Sender
) -> bytes:
    """Return the body; it is the same at each try. ``at``: when it happened."""
    told = {
        "event": event,
        "event_handler_id": handler,
        "data": data,
        "ts": int(at.timestamp()),
        "auth": sender.to_wire(),
    }
    return urlencode([pair for name, value in told.items() for pair in _flat(name, value)]).encode()


def member_id(portal: PortalId) -> str:
    """Return the 32 hexadecimal digits by which outsiders know the portal, whatever its name is."""
    return hashlib.sha256(f"portico/member/{portal}".encode()).hexdigest()[:32]


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Spell out nested values: ``data[FIELDS][ID]``. What is empty is sent as an empty text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}[{key}]", inner)
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _flat(f"{name}[{place}]", inner)
    elif isinstance(value, bool):
        yield name, "1" if value else "0"
    else:
        yield name, "" if value is None else str(value)
