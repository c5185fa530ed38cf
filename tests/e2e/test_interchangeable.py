"""Web nodes are interchangeable: any requests, spread at random over all nodes, give what one node gives."""

import re
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import hypothesis
import pytest
from hypothesis import strategies as st

from kernel.settings import Settings
from testkit.portals import SignUp, TestPortal, node_urls

SEQUENCES = 8
# no shrinking: each try signs up two portals
PHASES = (hypothesis.Phase.explicit, hypothesis.Phase.reuse, hypothesis.Phase.generate)
LEADS, FILES, DEPARTMENTS = "/api/v1/crm/leads", "/api/v1/drive/files", "/api/v1/departments"
WORDS = ("Альфа", "Beta", "Ґанок", "delta 100%")
NOTHING = 999_999_999  # an id that no thing has
VOLATILE = re.compile(r"at|.+_at|next|cursor|detail")  # told by the clock, or made of ids
IDENTITY = re.compile(r"id|.+_id|.+_by|actor")


@dataclass(frozen=True, slots=True)
class Step:
    """One request: what is done, to the ``which``-th thing made so far, with what word, at what node."""

    action: str
    which: int
    word: int
    node: int


ACTIONS = {
    "make a lead": ("POST", LEADS),
    "make a lead once": ("POST", LEADS),
    "change a lead": ("PATCH", f"{LEADS}/{{}}"),
    "change a lead as it was at first": ("PATCH", f"{LEADS}/{{}}"),
    "read a lead": ("GET", f"{LEADS}/{{}}"),
    "delete a lead": ("DELETE", f"{LEADS}/{{}}"),
    "list leads": ("GET", LEADS),
    "make a file": ("POST", FILES),
    "read about a file": ("GET", f"{FILES}/{{}}"),
    "download a file": ("GET", f"{FILES}/{{}}/content"),
    "delete a file": ("DELETE", f"{FILES}/{{}}"),
    "list files": ("GET", FILES),
    "see the usage": ("GET", "/api/v1/drive/usage"),
    "make a department": ("POST", DEPARTMENTS),
    "list departments": ("GET", DEPARTMENTS),
    "read the journal": ("GET", "/api/v1/changes"),
}
steps = st.lists(
    st.builds(
        Step,
        action=st.sampled_from(sorted(ACTIONS)),
        which=st.integers(0, 5),
        word=st.integers(0, len(WORDS) - 1),
        node=st.integers(0, 99),
    ),
    min_size=30,
    max_size=50,
)


@dataclass
class Story:
    """One portal, the nodes to which its steps are sent, and what they have made so far."""

    nodes: Sequence[httpx.AsyncClient]
    made: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    etags: dict[int, str] = field(default_factory=dict)
    seen: dict[Any, int] = field(default_factory=dict)

    async def play(self, step: Step) -> tuple[int, bool, Any]:
        """Send one request; return status, whether it was a replay, and the body but for its ids."""
        method, path = ACTIONS[step.action]
        known = self.made[path]
        thing = known[step.which % len(known)] if known else NOTHING
        url = path.format(thing)
        node = self.nodes[step.node % len(self.nodes)]
        answer = await node.request(method, url, **self._details(step, thing))
        self._remember(path, answer)
        is_json = answer.content and answer.headers["content-type"].endswith("json")
        body = self._comparable(answer.json(), path) if is_json else answer.content
        return answer.status_code, "idempotency-replayed" in answer.headers, body

    def _details(self, step: Step, thing: int) -> dict[str, Any]:
        word = WORDS[step.word]
        details: dict[str, dict[str, Any]] = {
            "make a lead": {"json": {"title": word}},
            # a second time: the first answer, or a 422 for another body
            "make a lead once": {
                "json": {"title": word},
                "headers": {"Idempotency-Key": f"{step.which}"},
            },
            "change a lead": {
                "json": {"title": word},
                "headers": {"If-Match": self.etags.get(thing, "*")},
            },
            "change a lead as it was at first": {
                "json": {"title": word},
                "headers": {"If-Match": '"1"'},
            },
            "make a department": {"json": {"name": word}},
            "make a file": {"params": {"name": word}, "content": word.encode() * step.which},
            "list leads": {"params": {"limit": 1 + step.which}},
            "list files": {"params": {"limit": 1 + step.which}},
        }
        return details.get(step.action, {})

    def _remember(self, path: str, answer: httpx.Response) -> None:
        if answer.status_code == httpx.codes.CREATED:
            for place in (path, f"{path}/{{}}", f"{path}/{{}}/content"):
                self.made[place].append(answer.json()["id"])
        if path.startswith(LEADS) and "etag" in answer.headers:
            self.etags[answer.json()["id"]] = answer.headers["etag"]

    def _comparable(self, value: Any, kind: str) -> Any:
        """Put the order in which ids were first seen in their place; leave out what the clock says."""
        if isinstance(value, list):
            return [self._comparable(item, kind) for item in value]
        if not isinstance(value, dict):
            return value
        told = {name: v for name, v in value.items() if not VOLATILE.fullmatch(name)}
        return {
            name: self._first_seen((kind, value.get("entity"), name, v))
            if IDENTITY.fullmatch(name)
            else self._comparable(v, kind)
            for name, v in told.items()
        }

    def _first_seen(self, thing: tuple[Any, ...]) -> int:
        return self.seen.setdefault(thing, len(self.seen))


@pytest.mark.timeout(300)
@pytest.mark.feature("ARCH-06")
@hypothesis.settings(max_examples=SEQUENCES, deadline=None, phases=PHASES)
@hypothesis.given(steps)
async def test_requests_spread_at_random_over_all_nodes_give_what_one_node_gives(
    settings: Settings, new_portal: SignUp, sequence: list[Step]
) -> None:
    urls = [url for site in settings.datacentres for url in node_urls(settings, site.name)]
    if len(urls) == 1:
        pytest.skip("the box has one web node")
    one, other = [await new_portal(region="ru", company="Акме") for _ in range(2)]
    async with AsyncExitStack() as stack:
        alone = await _story(stack, one, node_urls(settings, one.home_dc)[:1])
        spread = await _story(stack, other, urls)
        for step in sequence:
            assert await spread.play(step) == await alone.play(step), step


async def _story(stack: AsyncExitStack, portal: TestPortal, urls: Sequence[str]) -> Story:
    return Story([await stack.enter_async_context(portal.at(url)) for url in urls])
