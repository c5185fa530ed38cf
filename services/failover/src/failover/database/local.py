"""The one server an agent is responsible for: what it says of itself, and the commands it obeys."""

import logging
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from failover.actions import Command, RestartSafely
from failover.database import portals
from failover.database.line import Line, NoAnswerError
from failover.database.obeying import SESSION, guarded
from failover.database.observing import QUESTION, Observer
from failover.database.process import ServerProcess
from failover.record import Position
from failover.state import Database, Fence
from kernel.ids import PairId, PortalId
from kernel.settings import Settings

USER = "portico_failover"
OBSERVE_SECONDS = 1.0
OBEY_SECONDS = 5.0
APPLIED = "SELECT MASTER_GTID_WAIT(%s, %s) = 0 AS is_there"

log = logging.getLogger(__name__)


class LocalDatabase:
    """The database of ``site``; it may be observed while it obeys: each has a connection of its own."""

    def __init__(self, settings: Settings, pair: PairId, site: str, password: str) -> None:
        self._settings = settings
        self._pair = pair
        self._site = site
        own, peer = sorted(
            (settings.site(name) for name in settings.pair(pair).sites),
            key=lambda candidate: candidate.name != site,
        )
        self._observer = Observer(own, peer, pair)
        self._process: ServerProcess | None = None
        self._complaint = ""
        address = (own.address, settings.ports.mariadb, USER, password)
        self._eyes = Line(*address, seconds=OBSERVE_SECONDS, session=SESSION, opened=self._identify)
        self._hands = Line(*address, seconds=OBEY_SECONDS, session=SESSION)
        # closing a portal waits for its writers: no command of the pair may wait for that
        self._portals = Line(*address, seconds=OBEY_SECONDS, session=SESSION)
        self._applying = Line(*address, seconds=OBEY_SECONDS, session=SESSION)

    async def __aenter__(self) -> Self:
        """Connect when first asked; a server that is down does not stop us from starting."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._eyes.drop()
        self._hands.drop()
        self._portals.drop()
        self._applying.drop()

    async def observe(self) -> Database | None:
        """Return what the server says of itself, within a second; ``None`` if it does not answer."""
        try:
            results = await self._eyes.ask(QUESTION, self._observer.arguments)
        except NoAnswerError as error:
            self._complain(str(error))
            return None
        if self._process is None:
            self._eyes.drop()  # to look for the process again
            self._complain("it answers, but its process is not found")
            return None
        self._complain("")
        return self._observer.facts(results, self._process, time.monotonic())

    async def obey(self, command: Command) -> bool:
        """Do a command and note its revision; ``False`` if it was refused or did not end in time.

        Every command may be repeated. ``Compare`` is not for the server: only its revision is noted.
        """
        try:
            if isinstance(command, RestartSafely):
                return await self._restart(command)
            return await self._send(command)
        except NoAnswerError as error:
            log.warning("a command was not done", extra={"command": command, "reason": str(error)})
            return False

    async def set_portal_row(self, portal: PortalId, fence: Fence) -> Position | None:
        """Write a portal's row, never lower than it is, and return what was logged then.

        Waits for the portal's open writers; ``None`` if they stay, if the row is higher, if nobody answers.
        """
        try:
            logged = await portals.write(self._portals, portal, fence)
        except NoAnswerError:
            return None
        return None if logged is None else self._observer.position(logged)

    async def has_applied(self, position: Position, seconds: float) -> bool:
        """Wait until the server shows what its peer had logged, for so long; the own log it shows always."""
        peer = self._observer.peer
        gtid = f"{peer.id_offset}-{peer.id_offset}-{position.get(peer.name, 0)}"
        try:
            ((answer,),) = await self._applying.ask(APPLIED, (gtid, seconds))
        except NoAnswerError:
            return False
        return bool(answer["is_there"])

    async def raise_portal_rows(self, rows: Mapping[PortalId, Fence]) -> bool:
        """Write the rows that are missing or older; ``False`` if some are left: try again."""
        try:
            await portals.sweep(self._portals, rows)
        except NoAnswerError as error:
            log.warning("portal rows are left to write", extra={"reason": str(error)})
            return False
        return True

    async def _send(self, command: Command) -> bool:
        results = await self._hands.ask(*guarded(command, self._pair))
        return bool(results[0][0]["is_done"])

    async def _restart(self, command: RestartSafely) -> bool:
        """Kill the server; its launcher starts it as a replica, as it does with one that has ended."""
        process = ServerProcess.find(self._settings, self._site)
        if process is None:
            return False
        if process.revision >= command.revision:
            return True
        try:
            if not await self._send(command):
                return False
        except NoAnswerError:
            pass  # it hangs or dies: nobody else commands it, so nothing newer was obeyed
        return process.kill(self._settings, self._site)

    def _identify(self) -> None:
        """Find out which process it is that we are connected to from now on."""
        found = ServerProcess.find(self._settings, self._site)
        if found != self._process:
            self._hands.drop()  # they were another's
            self._portals.drop()
            self._applying.drop()
        self._process = found

    def _complain(self, reason: str) -> None:
        """Log why it does not answer, once; and that it does again."""
        if reason != self._complaint:
            self._complaint = reason
            if reason:
                log.warning("the database does not answer", extra={"reason": reason})
            else:
                log.info("the database answers")
