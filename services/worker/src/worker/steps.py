"""Jobs that a web node does: each turn asks it for one bounded step.

The step writes its effects and its progress in one transaction of its own, so a step that was asked for
twice (an answer lost, a lease ended) goes on where the first one stopped.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated, Literal

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from jobs.claims import Claim
from jobs.outcomes import Again, Done, Failed, Outcome, Retry

STEP_SECONDS = 30.0
CONNECT_SECONDS = 2.0
ANSWER_BYTES = 65_536
LONGEST_PAUSE_SECONDS = 86_400.0


class Answer(BaseModel):
    """What a web node says after a step."""

    state: Literal["again", "done", "failed"]
    retry_after: Annotated[float, Field(ge=0, le=LONGEST_PAUSE_SECONDS)] = 0.0
    awaits: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    error: str = "the step failed"

    def outcome(self) -> Outcome:
        """Translate."""
        match self.state:
            case "again":
                return Again(self.retry_after, self.awaits)
            case "done":
                return Done()
            case "failed":
                return Failed(self.error)


class StepHandler:
    """Asks the web nodes of our datacentre, through their balancer."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def __call__(self, claim: Claim) -> Outcome:
        """Ask for one step of the job."""
        url = f"{self._url}/internal/jobs/{claim.portal}/{claim.job}/step"
        try:
            async with self._session.post(url, allow_redirects=False) as response:
                body = await response.content.read(ANSWER_BYTES)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Retry(f"no answer from a web node: {type(error).__name__}")
        if response.status != HTTPStatus.OK:
            return Retry(f"a web node answered {response.status}")
        try:
            return Answer.model_validate_json(body).outcome()
        except ValidationError:
            return Retry("a web node gave an answer that is not one")


@asynccontextmanager
async def connected(url: str, token: str) -> AsyncIterator[StepHandler]:
    """Open a client; nothing is sent yet. ``url`` is where the internal API answers."""
    timeout = aiohttp.ClientTimeout(total=STEP_SECONDS, sock_connect=CONNECT_SECONDS)
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        yield StepHandler(session, url)
