"""Walks a saga through its steps: forward until the portal is published, or back until nothing is left.

Each step is written into the claim before it begins, so whoever takes over knows how far it may have
come. Losing the claim (``ClaimLostError``) ends the walk at once: another node works on it.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kernel.errors import UnavailableError
from kernel.settings import Settings
from signup import answers
from signup.directory import Directory
from signup.errors import PairMovedError
from signup.hold import Hold
from signup.idempotency import Records
from signup.metrics import STEP_SECONDS
from signup.saga import Saga
from signup.steps import FenceStep, Steps

_log = logging.getLogger(__name__)

# seconds, between the attempts of one walk: as long as a takeover takes
PAUSES = (0.2, 0.5, 1.0, 1.5, 2.0, 2.0)


TRANSIENT = (UnavailableError, TimeoutError, PairMovedError)


class Conductor:
    """Completes or undoes sagas whose claim we hold."""

    def __init__(
        self, *, directory: Directory, steps: Steps, records: Records, settings: Settings
    ) -> None:
        self._directory = directory
        self._steps = steps
        self._names = [step.name for step in steps]
        self._records = records
        self._settings = settings

    @property
    def first_step(self) -> str:
        """Where a new saga stands."""
        return self._names[0]

    async def complete(self, hold: Hold) -> Mapping[str, Any]:
        """Do what is left to do, publish, and return the answer.

        What does not answer is asked a few times more; then its ``UnavailableError`` or
        ``TimeoutError`` is passed on, and the saga is left for ``recovery``.
        """
        for pause in PAUSES:
            try:
                return await self._forward(hold)
            except TRANSIENT as error:
                _log.warning(
                    "sign-up delayed", extra={"step": hold.saga.step, "reason": repr(error)}
                )
                await asyncio.sleep(pause)
                await hold.save(hold.saga)
        return await self._forward(hold)

    async def undo(self, hold: Hold) -> None:
        """Undo the steps that may have begun, last first, and give the host back."""
        await hold.save(replace(await self._aimed(hold.saga), undoing=True))
        for index in range(self._names.index(hold.saga.step), -1, -1):
            step = self._steps[index]
            with STEP_SECONDS.labels(step.name, "back").time():
                async with hold.in_time():
                    await step.undo(hold.saga)
            await hold.save(replace(hold.saga, step=self._names[max(index - 1, 0)]))
        # A record of the key must never outlive the claim: it would stand for a finished sign-up.
        if hold.saga.idempotency is not None:
            await self._records.forget(hold.saga.idempotency, hold.saga.portal)
        await hold.release()

    async def _forward(self, hold: Hold) -> Mapping[str, Any]:
        saga = self._restarted_if_moved(await self._aimed(hold.saga), before=hold.saga)
        first = self._names.index(saga.step)
        for index, step in enumerate(self._steps[first:], first):
            if index > first:
                await hold.save(replace(saga, step=step.name))
                saga = hold.saga
            with STEP_SECONDS.labels(step.name, "forward").time():
                async with hold.in_time():
                    saga = await step.do(saga)
        return await self._publish(hold, saga)

    async def _publish(self, hold: Hold, saga: Saga) -> Mapping[str, Any]:
        """Publish last, and the answer just before: who finds both knows that all is done."""
        if await self._aimed(saga) != saga:
            raise PairMovedError
        answer = answers.of(saga, self._settings)
        if saga.idempotency is not None:
            await self._records.keep(saga.idempotency, saga.portal, answer)
        await hold.publish(saga)
        return answer

    async def _aimed(self, saga: Saga) -> Saga:
        """Return the saga as of who serves the pair now."""
        return replace(saga, serving=await self._directory.serving(saga.pair, saga.home))

    def _restarted_if_moved(self, saga: Saga, *, before: Saga) -> Saga:
        """Go back to the fences if the pair changed: who serves it now may not have opened them."""
        moved = saga.serving != before.serving
        earlier = min(self._names.index(saga.step), self._names.index(FenceStep.name))
        return replace(saga, step=self._names[earlier]) if moved else saga
