"""``batch``: up to fifty commands in one request, each of which may refer to the results before it.

The commands run in chunks of ten. A chunk in which something is written is one transaction with a
savepoint for each command, and has an idempotency key of its own: when a node dies in the middle, the
next one goes on where it stopped, and nothing is done twice. A chunk that only reads has no transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import orjson
from starlette.responses import Response

from db.sessions import WriteSession
from portal import idempotency, unit
from portal.idempotency import Key
from portal.rest import wire
from portal.rest.address import named
from portal.rest.desk import Desk
from portal.rest.envelope import JSON, as_php, described
from portal.rest.method import CallError, Parameters
from portal.rest.references import resolved

MOST_COMMANDS = 50
CHUNK = 10
"""Commands in one transaction: a commit costs more than most commands, locks are held for all of them."""


@dataclass(frozen=True, slots=True)
class Command:
    """One ``method?parameters``; ``method`` is in lower case."""

    key: str
    method: str
    query: bytes

    @classmethod
    def of(cls, key: str, text: Any) -> "Command":
        """Read it; what is no text names no method."""
        method, _, query = (text if isinstance(text, str) else "").partition("?")
        return cls(key, named(method), query.encode())


@dataclass(slots=True)
class Progress:
    """What has come of the commands so far, by their keys; ``answers`` are bodies, ``errors`` too."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, dict[str, str]] = field(default_factory=dict)
    has_written: bool = False
    """Whether a part of it is committed: whoever repeats it as another request would do that twice."""

    def results(self) -> dict[str, Any]:
        """Return what later commands may refer to."""
        return {key: answer["result"] for key, answer in self.answers.items()}

    def and_then(self, later: Mapping[str, Any]) -> None:
        """Add what came of a chunk, as ``kept`` has it."""
        self.answers |= later["answers"]
        self.errors |= later["errors"]

    def kept(self) -> bytes:
        """Return it as it is kept under the key of a chunk."""
        return orjson.dumps({"answers": self.answers, "errors": self.errors})

    def body(self) -> dict[str, Any]:
        """Return the ``result`` of the batch."""
        return {
            "result": as_php(self.results()),
            "result_error": as_php(dict(self.errors)),
            "result_total": self._each("total"),
            "result_next": self._each("next"),
            "result_time": self._each("time"),
        }

    def _each(self, member: str) -> Any:
        return as_php({k: answer[member] for k, answer in self.answers.items() if member in answer})

    def give_up(self, parameters: Parameters, error: CallError) -> None:
        """Note the error for the commands of which nothing came: all, or the next if it is to halt."""
        told = self.answers.keys() | self.errors.keys()
        left = [c.key for c in commands_of(parameters) if c.key not in told]
        self.errors |= dict.fromkeys(
            left[: 1 if parameters.flag("halt") else None], described(error)
        )


async def run(desk: Desk, parameters: Parameters, key: Key | None, progress: Progress) -> None:
    """Run the commands; ``key`` is that of the request.

    What fails outside the commands is raised; ``progress`` says what was done before.
    """
    commands = commands_of(parameters)
    is_to_halt, numbers = parameters.flag("halt"), count()
    while commands and not (is_to_halt and progress.errors):
        chunk, commands = commands[:CHUNK], commands[CHUNK:]
        part = idempotency.part_of(key, next(numbers))
        await _Chunk(desk, chunk, is_to_halt, part).run(progress)


def commands_of(parameters: Parameters) -> list[Command]:
    """Return the commands in their order; raise if there are too many."""
    given = parameters.map("cmd")
    if len(given) > MOST_COMMANDS:
        raise CallError(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    return [Command.of(key, text) for key, text in given.items()]


@dataclass(frozen=True, slots=True)
class _Chunk:
    desk: Desk
    commands: Sequence[Command]
    is_to_halt: bool
    key: Key | None

    async def run(self, progress: Progress) -> None:
        """Run it on top of what has come of the commands before."""
        context, before = self.desk.context, progress.results()
        if not self._writes():
            async with context.reading() as context.session:
                done = await self._all(before, None)
            progress.and_then({"answers": done.answers, "errors": done.errors})
            return

        async def work(session: WriteSession) -> Response:
            context.session = session
            return await idempotency.once(session, self.key, partial(self._answer, before, session))

        answer = await unit.transaction(context, work)
        progress.and_then(orjson.loads(answer.body))
        progress.has_written = True

    def _writes(self) -> bool:
        found = (self.desk.methods.get(command.method) for command in self.commands)
        return any(method is not None and method.writes for method in found)

    async def _answer(self, before: Mapping[str, Any], session: WriteSession) -> Response:
        done = await self._all(before, session)
        return Response(done.kept(), media_type=JSON)

    async def _all(self, before: Mapping[str, Any], session: WriteSession | None) -> Progress:
        done = Progress()
        for command in self.commands:
            try:
                known = {**before, **done.results()}
                done.answers[command.key] = await self._one(command, known, session)
            except CallError as error:
                done.errors[command.key] = described(error)
                if self.is_to_halt:
                    break
        return done

    async def _one(
        self, command: Command, known: Mapping[str, Any], session: WriteSession | None
    ) -> dict[str, Any]:
        method = self.desk.method(command.method)
        if not method.batchable:
            raise CallError(
                405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage"
            )
        parameters = Parameters(resolved(wire.of_query(command.query), known))
        async with _undoing(session if method.writes else None):
            return await self.desk.run(method, parameters)


def _undoing(session: WriteSession | None) -> AbstractAsyncContextManager[None]:
    """Undo a command that fails half-way; one that only reads leaves nothing to undo."""
    return nullcontext() if session is None else session.savepoint()


def methods_of(commands: Iterable[Command]) -> set[str]:
    """Return the names of the methods."""
    return {command.method for command in commands}
