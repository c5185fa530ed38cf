"""An event handler: an address outside that is told of events."""

import re
import secrets
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from kernel.facts import Fact
from portal.modules.webhooks.contracts import HandlerId, WebhookId
from portal.modules.webhooks.domain.patience import is_hopeless
from portal.modules.webhooks.errors import EventUrlError

ENTITY = "event_handler"
LONGEST_URL = 2000
LONGEST_TITLE = 200
TOKEN_LENGTH = 32
SHORTEST_TOKEN, LONGEST_TOKEN = 16, 128
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?")
_TOKEN_SIGNS = string.ascii_lowercase + string.digits


class HandlerState(StrEnum):
    """Whether a handler is told of anything."""

    ON = "on"
    OFF = "off"  # nothing is lost: it goes on where it stopped


class OffReason(StrEnum):
    """Why a handler was switched off."""

    BY_HAND = "by-hand"
    FAILING = "failing"  # it has taken nothing for days
    DISMISSED = "dismissed"  # whose webhook bound it works here no more


@dataclass(frozen=True, slots=True)
class Health:
    """How a receiver does since it last took an event."""

    failing_since: datetime | None = None
    failed_tries: int = 0
    silences: int = 0  # turns in a row in which nothing was answered

    def after(self, *, taken: int, failed: int, is_silent: bool, now: datetime) -> "Health":
        """Return the health after a turn in which so many events were taken and refused."""
        if taken:
            return Health()
        if not failed:
            return self
        return Health(
            self.failing_since or now,
            self.failed_tries + failed,
            self.silences + 1 if is_silent else 0,
        )


@dataclass(frozen=True, slots=True)
class Handler:
    """A handler as it is kept; the token is sealed. ``cursor``: the journal is read up to there.

    ``job``: whose turns deliver. ``webhook_id``: through which webhook it was bound, if through one.
    """

    id: HandlerId
    url: str
    events: tuple[str, ...]
    title: str
    state: HandlerState
    off_reason: OffReason | None
    token: str = field(repr=False)
    cursor: int
    job: int
    created_at: datetime
    created_by: int | None
    webhook_id: int | None = None
    health: Health = Health()

    @property
    def is_on(self) -> bool:
        """Whether it is told of anything."""
        return self.state is HandlerState.ON

    def created(self) -> Fact:
        """Return what is told about a new handler; an address may hold secrets, its host does not."""
        told = {"host": urlsplit(self.url).hostname, "events": list(self.events)}
        return Fact(ENTITY, self.id, "created", told)

    def deleted(self) -> Fact:
        """Return what is told when it is gone."""
        return Fact(ENTITY, self.id, "deleted", {"host": urlsplit(self.url).hostname})

    def switched_on(self) -> "Handler":
        """Return the handler that goes on where it stopped, with its faults forgiven."""
        return replace(self, state=HandlerState.ON, off_reason=None, health=Health())

    def switched_off(self, why: OffReason, said: str = "") -> tuple["Handler", Fact]:
        """Return the handler that is told of nothing; ``said``: how its receiver failed at last."""
        told = {"reason": why.value} | ({"error": said} if said else {})
        off = replace(self, state=HandlerState.OFF, off_reason=why)
        return off, Fact(ENTITY, self.id, "switched_off", told)

    def is_hopeless(self, now: datetime) -> bool:
        """Whether to switch it off."""
        return is_hopeless(self.health.failing_since, self.health.failed_tries, now)


@dataclass(frozen=True, slots=True)
class NewHandler:
    """What is asked of a handler to make. Without ``token`` one is made."""

    url: str
    events: Sequence[str]
    title: str = ""
    token: str | None = field(default=None, repr=False)
    webhook: WebhookId | None = None


@dataclass(frozen=True, slots=True)
class HandlerChange:
    """What to change; ``None`` leaves as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    title: str | None = None
    token: str | None = field(default=None, repr=False)
    state: HandlerState | None = None


@dataclass(frozen=True, slots=True)
class MadeHandler:
    """A fresh handler and its token, which is shown this once."""

    handler: Handler
    token: str = field(repr=False)


def new_token() -> str:
    """Return a fresh application token, by which a receiver knows that it is us."""
    return "".join(secrets.choice(_TOKEN_SIGNS) for _ in range(TOKEN_LENGTH))


def named(events: Iterable[str]) -> tuple[str, ...]:
    """Return the names, each once and in order, in the letter case that receivers see."""
    return tuple(sorted({name.strip().upper() for name in events}))


def checked_url(url: str) -> str:
    """Return the address if something could be sent to it; raises ``EventUrlError``.

    Whether that is allowed shows when its name is resolved (``portal.outward``).
    """
    url = url.strip()
    parts = _split(url)
    is_clean = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    is_right = (
        is_clean
        and parts is not None
        and parts.scheme in {"http", "https"}
        and _is_host(parts)
        and parts.username is None
        and parts.password is None
        and not parts.fragment
    )
    if not is_right:
        raise EventUrlError(longest=LONGEST_URL)
    return url


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # looked at only now, and perhaps not a number
    except ValueError:
        return None
    return parts


def _is_host(parts: SplitResult) -> bool:
    """Whether it is a name that can be looked up, or an address; only one of IPv6 has brackets."""
    host, has_brackets = parts.hostname or "", "[" in parts.netloc
    if _NAME.fullmatch(host) and not has_brackets:
        return True
    try:
        return (ip_address(host).version == 6) is has_brackets
    except ValueError:
        return False
