"""What the front door shows to clients that check whom they talk to: they look at chain, names and dates."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from console.installation import Installation
from kernel.settings import Settings

LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Door:
    """The front door with TLS; ``fault`` is why clients turn away, ``ends_at`` when they will."""

    url: str
    ends_at: datetime | None = None
    fault: str = ""

    @property
    def days_left(self) -> int | None:
        """How long the certificate is good for."""
        return None if self.ends_at is None else (self.ends_at - datetime.now(UTC)).days

    def to_json(self) -> dict[str, Any]:
        """Return the documented form."""
        ends_at = None if self.ends_at is None else self.ends_at.isoformat()
        return {"url": self.url, "certificate_ends_at": ends_at, "fault": self.fault or None}


def look(installation: Installation) -> Door:
    """Connect as a client of ours and of a portal's would, trusting the machine's authorities and our own."""
    settings = installation.settings
    url = f"https://{settings.door.address}:{settings.door.https}"
    try:
        trust = ssl.create_default_context()
        if settings.authority_file.exists():
            trust.load_verify_locations(settings.authority_file)
        hosts = (settings.base_domain, settings.host_of("any"))
        return Door(url, min(_ends_at(settings, trust, host) for host in hosts))
    except ssl.SSLCertVerificationError as error:
        return Door(url, fault=error.verify_message)
    except OSError as error:
        return Door(url, fault=f"no TLS connection: {error}")


def _ends_at(settings: Settings, trust: ssl.SSLContext, host: str) -> datetime:
    address = (settings.door.address, settings.door.https)
    with (
        socket.create_connection(address, LOOK_SECONDS) as connection,
        trust.wrap_socket(connection, server_hostname=host) as encrypted,
    ):
        certificate = encrypted.getpeercert() or {}
    seconds = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return datetime.fromtimestamp(seconds, UTC)
