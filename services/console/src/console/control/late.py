"""Late changes: what a lost master had committed and its peer never received. None is thrown away."""

from dataclasses import dataclass

from console.control.errand import Errand, done
from console.control.failover import Failover, Json, Query
from console.control.outcome import Outcome
from console.errors import RefusedError, StoppedError

PAGE = 100
DECIDE_SECONDS = 600.0
"""Each transaction is written and answered for; there may be thousands. All of it may be repeated."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which changes of a pair: one by its number, else those of a portal, else all."""

    pair: int
    number: int | None = None
    portal: str | None = None

    @property
    def path(self) -> str:
        """Where they are decided."""
        end = "" if self.number is None else f"/{self.number}"
        return f"/v1/pairs/{self.pair}/late{end}"

    @property
    def query(self) -> Query:
        """What narrows them down."""
        return {} if self.portal is None else {"portal": self.portal}


def page(failover: Failover, selection: Selection, after: int, limit: int = PAGE) -> list[Json]:
    """Return late changes in the order of their numbers, from the first after ``after``."""
    query: Query = {**selection.query, "after": after, "limit": limit}
    changes: list[Json] = failover.get(f"/v1/pairs/{selection.pair}/late", query)["changes"]
    return changes


def one(failover: Failover, pair: int, number: int) -> Json:
    """Return one change with both its values and the present one."""
    found = page(failover, Selection(pair), number - 1, 1)
    if not found or found[0]["number"] != number:
        raise RefusedError("unknown-change", f"pair {pair} keeps no late change {number}")
    return found[0]


def decide(errand: Errand, selection: Selection, verb: str, body: Json) -> Outcome:
    """Apply or dismiss; raises ``StoppedError`` when some have to be decided one by one."""
    path = f"{selection.path}/{verb}"
    answer = errand.failover.post(path, body, selection.query, seconds=DECIDE_SECONDS)
    if selection.number is not None and not answer["done"] + answer["left"]:
        raise RefusedError("unknown-change", f"nothing undecided has the number {selection.number}")
    word = {"apply": "applied", "dismiss": "dismissed"}[verb]
    counted = f"{answer['done']} changes {word}"
    if not answer["left"]:
        return done(f"pair {selection.pair}", counted)
    conflicts = "; ".join(f"{c['number']}: {c['why']}" for c in answer["conflicts"])
    raise StoppedError(
        f"{counted}, {answer['left']} left as they were ({conflicts}): "
        f"`portico late show {selection.pair} NUMBER` shows all values"
    )


def withdraw(errand: Errand, pair: int) -> Outcome:
    """Undo the late changes at the returning datacentre, where they are kept, so that it can rejoin."""
    answer = errand.failover.post(f"/v1/pairs/{pair}/late/withdraw", seconds=DECIDE_SECONDS)
    why = f"{answer['undone']} changes undone at the returning database; all are kept"
    if answer["left"]:
        why += f"; {answer['left']} rows were overwritten since and left: the comparison tells"
    return done(f"pair {pair}", why)
