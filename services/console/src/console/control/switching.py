"""The planned switch: of one portal, of sides of a pair, of all that a datacentre serves (HA.md §7)."""

import time
from collections.abc import Sequence

from console.control import pairs
from console.control.errand import Errand, admitted, done
from console.control.failover import Json
from console.control.outcome import Outcome
from console.control.pairs import Pair
from console.control.progress import follow, unless_interrupted
from console.errors import RefusedError, TakenBackError

SLACK_SECONDS = 20.0
"""Beyond its budget a switch needs an election at most, then it is done or taken back."""


def switch_datacentre(errand: Errand, source: str, target: str | None) -> list[Outcome]:
    """Hand over every side that ``source`` serves, pair after pair."""
    found = pairs.pairs_of(errand.failover.status(), source)
    serving = [pair for pair in found if pair.sides_of(source)]
    if not serving:
        return [done(source, "it serves nothing already")]
    return errand.each(
        serving,
        lambda pair: switch_sides(
            errand, pair, pair.sides_of(source), target or pair.peer_of(source)
        ),
    )


def switch_pair(errand: Errand, number: int, sides: Sequence[str], target: str) -> Outcome:
    """Hand over sides of one pair: both, unless some are named."""
    pair = errand.pair(number)
    return switch_sides(errand, pair, sides or pair.sites, target)


def switch_sides(errand: Errand, pair: Pair, sides: Sequence[str], target: str) -> Outcome:
    """Ask for it and follow it to its end; that it is so already is no refusal."""
    demand = {"sides": list(sides), "target": target, "budget_seconds": errand.budget_seconds}
    try:
        answer = errand.demand(pair, "switch", **demand)
    except RefusedError as refusal:
        if refusal.code != "already-there":
            raise
        return done(pair.name, refusal.why)
    if errand.is_dry_run:
        return admitted(pair.name, answer)
    with unless_interrupted(farewell(errand)):
        after = errand.follow(
            pair,
            lambda now: now.revision > answer["revision"] and not _moves(now, sides, target),
            errand.budget_seconds + SLACK_SECONDS,
        )
    return _conclude(pair, after, sides, target)


def switch_portal(errand: Errand, portal: str, target: str) -> Outcome:
    """Give one portal to the other side of its pair."""
    path = f"/v1/portals/{portal}"
    before = errand.failover.get(path)
    subject = f"portal {before['host']}"
    if before["home"] == target and before["state"] == "active":
        return done(subject, f"it belongs to {target} already")
    demand = {
        "target": target,
        "epoch": before["epoch"],
        "budget_seconds": errand.budget_seconds,
        "dry_run": errand.is_dry_run,
    }
    began_at = time.monotonic()
    answer = errand.failover.post(f"{path}/switch", demand)
    if errand.is_dry_run:
        return admitted(subject, answer)
    errand.progress.say(answer["why"])
    with unless_interrupted(farewell(errand)):
        after = follow(
            lambda: errand.failover.get(path),
            _describe_portal,
            lambda now: bool(now["state"] != "draining"),
            errand.progress,
            errand.budget_seconds + SLACK_SECONDS,
        )
    if after["home"] != target:
        raise TakenBackError(f"{subject} stays with {after['home']}")
    return done(subject, f"{target} serves it", round((time.monotonic() - began_at) * 1000))


def farewell(errand: Errand) -> str:
    """Say what happens without us."""
    return (
        f"the switch goes on: {errand.budget_seconds:g} s after its beginning it is done or taken back "
        "(`portico status` shows which); to undo a finished one, switch back"
    )


def _moves(pair: Pair, sides: Sequence[str], target: str) -> bool:
    """Tell whether this very switch is under way."""
    move = pair.move
    return (
        move is not None
        and move["kind"] == "switch"
        and move["target"] == target
        and set(move["sides"]) <= set(sides)
    )


def _conclude(before: Pair, after: Pair, sides: Sequence[str], target: str) -> Outcome:
    """Tell from the record how it ended; the pause is what the decisions say."""
    news = after.decisions_since(before)
    why = news[-1]["why"] if news else after.duty
    if any(after.serving[side] != target for side in sides):
        raise TakenBackError(why)
    return done(after.name, why, _pause_ms(news))


def _pause_ms(news: Sequence[Json]) -> int | None:
    """Return the time from the first decision to the last: requests were held so long at most."""
    return round((news[-1]["at"] - news[0]["at"]) * 1000) if len(news) > 1 else None


def _describe_portal(portal: Json) -> str:
    if portal["target"] is None:
        return f"waiting until {portal['home']} has opened it"
    return f"waiting until {portal['home']} has closed it and {portal['target']} has it all"
