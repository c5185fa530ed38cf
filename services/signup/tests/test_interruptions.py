"""A sign-up that dies at any point becomes a whole portal, or leaves nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import uuid4

import pytest

from blobs.errors import StorageRefusedError
from kernel.errors import UnavailableError
from kernel.ids import PairId, PortalId, new_portal_id
from signup import idempotency, recovery, service
from signup.app import Parts
from signup.directory import Claim
from signup.errors import SignupPendingError, SignupUndoneError
from signup.form import Application, Filled
from signup.idempotency import Key
from signup.metrics import RECOVERED
from signup.saga import Serving
from testkit.portals import new_label

from .conftest import Nodes
from .traces import NONE, Inspector

AT_LAST_SECONDS = 60.0

When = Literal["before", "after"]
Owner = Callable[[Parts], object]


class NodeDiedError(BaseException):
    """Ends a node's work as a kill would: nothing catches it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A sign-up whose portal is known beforehand."""

    filled: Filled
    key: Key
    portal: PortalId

    @property
    def host(self) -> str:
        return self.filled.application.host


@pytest.fixture
def wish(monkeypatch: pytest.MonkeyPatch) -> Wish:
    portal, label = new_portal_id(), new_label()
    key = idempotency.key_of(uuid4().hex, {"host": label})
    assert key is not None
    application = Application("Acme", label, f"boss@{label}.example", None, None, "de", "ru")
    portals = iter([portal])
    monkeypatch.setattr(service, "new_portal_id", lambda: next(portals, new_portal_id()))
    return Wish(Filled(application, "correct horse"), key, portal)


def step(name: str) -> Owner:
    def owner(parts: Parts) -> object:
        return next(s for s in parts.conductor._steps if s.name == name)

    owner.__name__ = name
    return owner


def directory(parts: Parts) -> object:
    return parts.directory


def records(parts: Parts) -> object:
    return parts.conductor._records


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th call of a method, before it is made, or after it was answered."""

    owner: Owner
    method: str
    when: When
    nth: int = 1


def each(owner: Owner, method: str, nth: int = 1) -> Iterator[Any]:
    for when in ("before", "after"):
        name = f"{when} {owner.__name__}.{method} {nth}"
        yield pytest.param(Point(owner, method, when, nth), id=name)


FORWARD = [
    *each(directory, "place"),
    *each(directory, "claim"),
    *each(step("storage"), "do"),
    *each(directory, "save", 1),
    *each(step("fence"), "do"),
    *each(directory, "save", 2),
    *each(step("rows"), "do"),
    *each(records, "keep"),
    *each(directory, "publish"),
]
BACK = [
    *each(directory, "save", 1),  # the takeover itself
    *each(directory, "save", 2),  # "this is being undone"
    *each(step("rows"), "undo"),
    *each(step("fence"), "undo"),
    *each(step("storage"), "undo"),
    *each(directory, "save", 5),
    *each(records, "forget"),
    *each(directory, "release"),
]


def dies(
    monkeypatch: pytest.MonkeyPatch,
    parts: Parts,
    point: Point,
    error: Callable[[], BaseException] = NodeDiedError,
) -> None:
    """Let the node die at the point; every later call of it dies as well."""
    owner = point.owner(parts)
    call: Callable[..., Awaitable[Any]] = getattr(owner, point.method)
    calls = 0

    async def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < point.nth:
            return await call(*args, **kwargs)
        if point.when == "after" and calls == point.nth:
            await call(*args, **kwargs)
        raise error()

    monkeypatch.setattr(owner, point.method, dying)


async def take_over(parts: Parts, portal: PortalId) -> None:
    """Do what ``Recovery.look`` does with a claim that nobody touched for ten seconds."""
    claim = await parts.directory.find_claim(portal)
    if claim is not None and claim.is_open:
        await parts.recovery._take_over(claim)


async def completed(parts: Parts, wish: Wish) -> service.Outcome:
    """Take over and ask again, as often as a busy machine lets one of both end in the middle."""
    deadline = time.monotonic() + AT_LAST_SECONDS
    while True:
        try:
            await take_over(parts, wish.portal)
            return await parts.signup.sign_up(wish.filled, wish.key)
        except UnavailableError:
            assert time.monotonic() < deadline, "it is never completed"
            await asyncio.sleep(0.5)


async def undone(parts: Parts, inspector: Inspector, wish: Wish, record: str = "-") -> None:
    """Take over, as ``Recovery`` does every two seconds, until no trace is left."""
    deadline = time.monotonic() + AT_LAST_SECONDS
    while True:
        with suppress(UnavailableError):
            await take_over(parts, wish.portal)
        if (traces := await inspector.traces(wish.portal, wish.host, record)) == NONE:
            return
        assert time.monotonic() < deadline, traces
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("point", FORWARD)
async def test_a_node_that_dies_leaves_a_sign_up_that_another_completes(
    monkeypatch: pytest.MonkeyPatch,
    nodes: Nodes,
    inspector: Inspector,
    wish: Wish,
    point: Point,
) -> None:
    dies(monkeypatch, nodes.dying, point)
    with pytest.raises(NodeDiedError):
        await nodes.dying.signup.sign_up(wish.filled, wish.key)

    again = await completed(nodes.other, wish)

    assert again.answer["portal"]["id"] == str(wish.portal)
    assert again.answer["user"]["id"] >= 1
    assert (await inspector.traces(wish.portal, wish.host)).is_whole
    assert await nodes.other.signup.sign_up(wish.filled, wish.key) == service.Outcome(
        again.answer, repeated=True
    )


@pytest.mark.parametrize("point", FORWARD)
async def test_what_cannot_be_completed_is_undone_wherever_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
    nodes: Nodes,
    inspector: Inspector,
    wish: Wish,
    point: Point,
) -> None:
    dies(monkeypatch, nodes.dying, point)
    with pytest.raises(NodeDiedError):
        await nodes.dying.signup.sign_up(wish.filled, wish.key)
    monkeypatch.setattr(recovery, "MOST_TAKEOVERS", 0)

    if point.method == "publish" and point.when == "after":
        await take_over(nodes.other, wish.portal)
        assert (await inspector.traces(wish.portal, wish.host)).is_whole
    else:
        await undone(nodes.other, inspector, wish)


@pytest.mark.parametrize("point", BACK)
async def test_an_undoing_that_dies_is_finished_by_another(
    monkeypatch: pytest.MonkeyPatch,
    nodes: Nodes,
    inspector: Inspector,
    wish: Wish,
    point: Point,
) -> None:
    with monkeypatch.context() as first:
        dies(first, nodes.dying, Point(directory, "publish", "before"))
        with pytest.raises(NodeDiedError):
            await nodes.dying.signup.sign_up(wish.filled, wish.key)
    monkeypatch.setattr(recovery, "MOST_TAKEOVERS", 0)
    dies(monkeypatch, nodes.dying, point)
    with pytest.raises(NodeDiedError):
        await take_over(nodes.dying, wish.portal)

    await undone(nodes.other, inspector, wish, wish.key.record)


async def test_a_name_is_free_again_once_its_sign_up_was_undone(
    monkeypatch: pytest.MonkeyPatch,
    nodes: Nodes,
    inspector: Inspector,
    wish: Wish,
) -> None:
    dies(monkeypatch, nodes.dying, Point(records, "keep", "after"))
    with pytest.raises(NodeDiedError):
        await nodes.dying.signup.sign_up(wish.filled, wish.key)
    with monkeypatch.context() as patience:
        patience.setattr(recovery, "MOST_TAKEOVERS", 0)
        await take_over(nodes.other, wish.portal)

    again = await nodes.other.signup.sign_up(wish.filled, wish.key)

    assert not again.repeated
    portal = PortalId(int(again.answer["portal"]["id"]))
    assert portal != wish.portal
    assert (await inspector.traces(portal, wish.host)).is_whole


async def test_an_answer_read_just_before_its_undoing_is_not_given(
    monkeypatch: pytest.MonkeyPatch, nodes: Nodes, wish: Wish
) -> None:
    with monkeypatch.context() as first:
        dies(first, nodes.dying, Point(directory, "publish", "before"))
        with pytest.raises(NodeDiedError):
            await nodes.dying.signup.sign_up(wish.filled, wish.key)
    find_claim = nodes.other.directory.find_claim
    monkeypatch.setattr(recovery, "MOST_TAKEOVERS", 0)

    async def undone_meanwhile(portal: PortalId) -> Claim | None:
        await take_over(nodes.dying, portal)
        return await find_claim(portal)

    monkeypatch.setattr(nodes.other.directory, "find_claim", undone_meanwhile)
    outcome = await nodes.other.signup.sign_up(wish.filled, wish.key)

    assert not outcome.repeated
    assert outcome.answer["portal"]["id"] != str(wish.portal)


async def test_what_is_refused_for_good_is_undone_at_once(
    monkeypatch: pytest.MonkeyPatch, nodes: Nodes, inspector: Inspector, wish: Wish
) -> None:
    dies(monkeypatch, nodes.dying, Point(step("rows"), "do", "after"), StorageRefusedError)

    with pytest.raises(SignupUndoneError):
        await nodes.dying.signup.sign_up(wish.filled, wish.key)

    await inspector.sees_nothing(wish.portal, wish.host, wish.key.record)


async def test_a_server_that_stays_silent_makes_a_promise_that_is_kept(
    monkeypatch: pytest.MonkeyPatch,
    nodes: Nodes,
    inspector: Inspector,
    wish: Wish,
) -> None:
    dies(monkeypatch, nodes.dying, Point(step("fence"), "do", "before"), UnavailableError)

    with pytest.raises(SignupPendingError):
        await nodes.dying.signup.sign_up(wish.filled, wish.key)

    assert (await completed(nodes.other, wish)).repeated
    assert (await inspector.traces(wish.portal, wish.host)).is_whole


async def test_a_sleeper_that_wakes_up_does_no_harm_and_gives_the_same_answer(
    monkeypatch: pytest.MonkeyPatch,
    nodes: Nodes,
    inspector: Inspector,
    wish: Wish,
) -> None:
    fence: Any = step("fence")(nodes.dying)
    do, reached, awake = fence.do, asyncio.Event(), asyncio.Event()

    async def sleepy(saga: Any) -> Any:
        reached.set()
        await awake.wait()
        return await do(saga)

    monkeypatch.setattr(fence, "do", sleepy)
    sleeper = asyncio.create_task(nodes.dying.signup.sign_up(wish.filled, None))
    await reached.wait()

    await take_over(nodes.other, wish.portal)
    awake.set()
    answer = (await sleeper).answer

    assert answer["portal"]["id"] == str(wish.portal)
    assert answer["user"]["id"] >= 1
    assert (await inspector.traces(wish.portal, wish.host)).is_whole


async def test_only_one_node_works_on_a_claim_that_several_find(
    monkeypatch: pytest.MonkeyPatch, nodes: Nodes, wish: Wish
) -> None:
    with monkeypatch.context() as first:
        dies(first, nodes.dying, Point(step("storage"), "do", "before"))
        with pytest.raises(NodeDiedError):
            await nodes.dying.signup.sign_up(wish.filled, wish.key)
    claim = await nodes.dying.directory.find_claim(wish.portal)
    assert claim is not None
    before = RECOVERED.labels("completed")._value.get()

    await asyncio.gather(*(n.recovery._take_over(claim) for n in (nodes.dying, nodes.other) * 5))

    assert RECOVERED.labels("completed")._value.get() == before + 1


async def test_the_claim_of_a_published_portal_is_tidied_up(
    nodes: Nodes, inspector: Inspector, wish: Wish
) -> None:
    first = await nodes.dying.signup.sign_up(wish.filled, wish.key)
    claim = await nodes.other.directory.find_claim(wish.portal)
    assert claim is not None

    await nodes.other.recovery._take_over(claim)

    assert await nodes.other.directory.find_claim(wish.portal) is None
    assert (await inspector.traces(wish.portal, wish.host)).is_whole
    again = await nodes.other.signup.sign_up(wish.filled, wish.key)
    assert (again.answer, again.repeated) == (first.answer, True)


async def test_a_pair_that_changes_hands_meanwhile_gets_its_fence_where_it_is_served_now(
    monkeypatch: pytest.MonkeyPatch, nodes: Nodes, wish: Wish
) -> None:
    """The move itself is made up: the real one belongs to the failover tests."""
    opened: list[str] = []
    fence: Any = step("fence")(nodes.dying)
    serving = nodes.dying.directory.serving
    looks = 0

    async def moving(pair: PairId, side: str) -> Serving:
        nonlocal looks
        looks += 1
        now = await serving(pair, side)
        return now if looks == 1 else replace(now, term=now.term + 1)

    async def noting(saga: Any) -> Any:
        opened.append(f"{saga.served.owner} {saga.served.term}")
        return saga

    monkeypatch.setattr(nodes.dying.directory, "serving", moving)
    monkeypatch.setattr(fence, "do", noting)
    monkeypatch.setattr(step("rows")(nodes.dying), "do", noting)
    monkeypatch.setattr(nodes.dying.directory, "publish", _nothing)

    await nodes.dying.signup.sign_up(wish.filled, None)

    first, second, third, fourth = opened  # the fence and the rows, twice
    assert first == second
    assert third == fourth
    assert int(third.split()[1]) == int(first.split()[1]) + 1


async def _nothing(*_args: object, **_options: object) -> None:
    """Stands for a call that is not made."""
