"""A webhook into the portal: a code that stands for a person, within scopes."""

import hashlib
import re
import secrets
import string
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kernel.facts import Fact
from portal.modules.company.contracts import UserId
from portal.modules.webhooks.contracts import WebhookId
from portal.modules.webhooks.errors import WebhookRevokedError

ENTITY = "webhook"
LONGEST_TITLE = 200

# Clients' own tests accept nothing but letters and digits in the path. 32 of 36 signs are 165 random
# bits: not to be guessed, and in need of neither salt nor a slow hash.
CODE_LENGTH = 32
CODE_SIGNS = string.ascii_lowercase + string.digits
_CODE = re.compile(r"[a-z0-9]{32,64}")

USE_IS_NOTED_EVERY = timedelta(minutes=5)
REVOKED_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as it is kept: everything but its code. ``created_by``: ``None`` is the operator."""

    id: WebhookId
    user_id: UserId
    title: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: int | None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def created(self) -> Fact:
        """Return what is told about a new webhook."""
        told = {"user_id": self.user_id, "title": self.title, "scopes": list(self.scopes)}
        return Fact(ENTITY, self.id, "created", told)

    def changed(self, title: str, scopes: tuple[str, ...]) -> tuple["Webhook", Fact | None]:
        """Return the changed webhook and what is told; nothing changed, nothing told."""
        self.require_alive()
        new = replace(self, title=title, scopes=scopes)
        if new == self:
            return self, None
        told = {"title": title, "scopes": list(scopes)}
        return new, Fact(ENTITY, self.id, "updated", told)

    def revoked(self, at: datetime) -> tuple["Webhook", Fact]:
        """Return the webhook that opens nothing any more."""
        self.require_alive()
        return replace(self, revoked_at=at), Fact(ENTITY, self.id, "revoked")

    def require_alive(self) -> None:
        """Raise ``WebhookRevokedError`` if it was revoked."""
        if self.revoked_at is not None:
            raise WebhookRevokedError(id=self.id)

    def use_is_to_be_noted(self, now: datetime) -> bool:
        """Whether the last use that was written down is long enough ago."""
        return self.last_used_at is None or now - self.last_used_at >= USE_IS_NOTED_EVERY


@dataclass(frozen=True, slots=True)
class Made:
    """A fresh webhook; the code is shown this once."""

    webhook: Webhook
    code: str = field(repr=False)


def new_code() -> str:
    """Return a fresh code; it is shown once and kept only as its hash."""
    return "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))


def is_code(text: str) -> bool:
    """Whether the text could be a code: anything else needs no look-up."""
    return _CODE.fullmatch(text) is not None


def hash_of(code: str) -> bytes:
    """Return what is stored instead of the code."""
    return hashlib.sha256(code.encode()).digest()
