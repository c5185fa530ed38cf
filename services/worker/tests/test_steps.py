"""A step is what a web node says it was, and anything unclear is tried again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web

from jobs.claims import Claim
from jobs.outcomes import Again, Done, Failed, Outcome, Retry
from jobs.queue import JobId
from kernel.ids import PortalId
from testkit import addresses
from worker import steps

CLAIM = Claim(
    PortalId(9),
    JobId(7),
    "w",
    "crm.import",
    "{}",
    attempts=1,
    max_attempts=3,
    created_at=datetime.now(UTC),
)
PORT = 18081


class WebNode:
    """Says what the test wants, to who bears the token."""

    def __init__(self, host: str) -> None:
        self.url = f"http://{host}:{PORT}"
        self.answer = web.Response()
        self.pause: asyncio.Event | None = None
        self.asked: list[tuple[str, str]] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, request.headers["Authorization"]))
        if self.pause is not None:
            await self.pause.wait()
        return self.answer


@pytest.fixture
async def web_node() -> AsyncIterator[WebNode]:
    host = addresses.private(1)[0]
    node = WebNode(host)
    application = web.Application()
    application.router.add_post("/internal/jobs/{portal}/{job}/step", node.serve)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, host, PORT).start()
    yield node
    await runner.cleanup()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"state": "again"}, Again()),
        ({"state": "again", "retry_after": 2.5}, Again(2.5)),
        ({"state": "again", "retry_after": 60, "awaits": 9}, Again(60, awaits=9)),
        ({"state": "done"}, Done()),
        ({"state": "failed", "error": "not a CSV file"}, Failed("not a CSV file")),
    ],
)
async def test_the_web_node_says_how_a_step_ended(
    web_node: WebNode, answer: dict[str, object], outcome: Outcome
) -> None:
    web_node.answer = web.json_response(answer)
    async with steps.connected(web_node.url, "s3cret") as handler:
        assert await handler(CLAIM) == outcome
    assert web_node.asked == [("/internal/jobs/9/7/step", "Bearer s3cret")]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (web.Response(status=503), "a web node answered 503"),
        (web.Response(status=302, headers={"Location": "/"}), "a web node answered 302"),
        (web.Response(text="done"), "a web node gave an answer that is not one"),
        (web.json_response({"state": "sure"}), "a web node gave an answer that is not one"),
        (
            web.json_response({"state": "again", "retry_after": -1}),
            "a web node gave an answer that is not one",
        ),
    ],
)
async def test_an_unclear_answer_is_asked_for_again(
    web_node: WebNode, answer: web.Response, error: str
) -> None:
    web_node.answer = answer
    async with steps.connected(web_node.url, "s3cret") as handler:
        assert await handler(CLAIM) == Retry(error)


async def test_without_a_web_node_the_step_is_tried_again() -> None:
    async with steps.connected(f"http://{addresses.private(1)[0]}:{PORT}", "s3cret") as handler:
        outcome = await handler(CLAIM)
    assert outcome == Retry("no answer from a web node: ClientConnectorError")


async def test_a_step_that_does_not_end_is_given_up(
    web_node: WebNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.2)
    web_node.pause = asyncio.Event()

    async with steps.connected(web_node.url, "s3cret") as handler:
        outcome = await handler(CLAIM)

    assert isinstance(outcome, Retry)
