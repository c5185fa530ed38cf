"""The state of one sign-up: what is asked, what was made up for it, and how far it is.

It is kept as an opaque document in the claim of the host name. Everything that is personal or secret in
it is sealed and bound to that claim.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from blobs.keys import AccessKey, Account
from kernel.ids import PairId, PortalId
from kernel.sealing import Sealer
from signup.form import Application

EPOCH = 1  # of a new portal
PLAN = "project"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens the new portal: fixed before anything is done, so that repetitions do the same."""

    password_hash: str = field(repr=False)
    token: str = field(repr=False)

    @classmethod
    def fresh(cls, password_hash: str) -> "Credentials":
        """Return them with a new bearer token of 256 bits."""
        return cls(password_hash, secrets.token_urlsafe(32))

    @property
    def token_hash(self) -> str:
        """What the portal keeps of the token: its SHA-256 in hexadecimal."""
        return hashlib.sha256(self.token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves the portal's side of its pair, as of ``revision`` of the pair.

    ``standby``: the other database of the pair, if it has one that is in service. ``needs_standby``: the
    side may pass to it at any moment, so it must know the portal too.
    """

    owner: str
    term: int
    revision: int
    standby: str | None = None
    needs_standby: bool = False


@dataclass(frozen=True, slots=True)
class Saga:
    """One sign-up; methods return the next state."""

    portal: PortalId
    pair: PairId
    home: str
    application: Application
    credentials: Credentials
    started_at: datetime
    step: str
    """The step that may have begun; those before it are done, those after it have not begun."""
    idempotency: str | None = None
    """Where the answer is to be kept, if the client sent an ``Idempotency-Key``."""
    undoing: bool = False
    serving: Serving | None = None
    """Who serves the side ``home``, as read before the fences were opened."""
    account: Account | None = None
    """The portal's bucket and key, once they are made."""
    user: int | None = None
    """The administrator, once the rows are written."""
    runner: str = ""
    """Who works on it: a new name at each takeover, so that two runners never write equal states."""
    beat: int = 0
    takeovers: int = 0

    @property
    def place(self) -> str:
        """What its sealed part is bound to."""
        return f"claim/{self.portal}"

    @property
    def served(self) -> Serving:
        """Who serves it; the conductor looks that up before any step."""
        if self.serving is None:
            raise LookupError("nobody has looked up who serves the pair")
        return self.serving

    def saved_once_more(self) -> "Saga":
        """Return it as it is written next; each state that is written differs from all others."""
        return replace(self, beat=self.beat + 1)

    def taken_over(self) -> "Saga":
        """Return it in the hands of a new runner."""
        return replace(self, runner=secrets.token_hex(8), takeovers=self.takeovers + 1)

    def document(self, sealer: Sealer) -> dict[str, Any]:
        """Return the JSON object that the claim keeps."""
        hidden = {
            "application": asdict(self.application),
            "credentials": asdict(self.credentials),
            "account": asdict(self.account) if self.account else None,
        }
        return {
            "pair": self.pair,
            "home": self.home,
            "started_at": self.started_at.isoformat(),
            "step": self.step,
            "idempotency": self.idempotency,
            "undoing": self.undoing,
            "serving": asdict(self.serving) if self.serving else None,
            "user": self.user,
            "runner": self.runner,
            "beat": self.beat,
            "takeovers": self.takeovers,
            "sealed": sealer.seal(orjson.dumps(hidden).decode(), self.place),
        }

    def epitaph(self) -> dict[str, Any]:
        """Return what the claim keeps once the portal is published: nothing secret, nobody's name."""
        return {"runner": self.runner, "user": self.user}


def load(portal: PortalId, host: str, document: Mapping[str, Any], sealer: Sealer) -> Saga:
    """Return the saga of a claim; ``host`` is the label as the routing service wrote it."""
    rest = dict(document)
    hidden = orjson.loads(sealer.open(rest.pop("sealed"), f"claim/{portal}"))
    account, serving = hidden["account"], rest.pop("serving")
    return Saga(
        portal=portal,
        account=Account(account["bucket"], AccessKey(**account["key"])) if account else None,
        application=Application(**hidden["application"] | {"host": host}),
        credentials=Credentials(**hidden["credentials"]),
        serving=Serving(**serving) if serving else None,
        **rest | {"started_at": datetime.fromisoformat(rest["started_at"])},
    )
