"""The agent of one site for one pair: observes, reports, and makes its database follow the record.

It decides nothing about ownership, and does nothing to the database without having just read the record
with a majority. The witness' agent has no database: it only reports whom it does not reach.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import etcd
from failover.actions import AwaitPeer, Command, Compare
from failover.control import keys
from failover.control.comparing import Comparing
from failover.control.deeds import Deeds
from failover.control.look import Look
from failover.control.metrics import ETCD_FAILURES, TURN_SECONDS
from failover.control.parts import LocalDatabase, Probe
from failover.control.portal_rows import PortalRows
from failover.control.publication import Publication
from failover.control.reports import Account
from failover.control.sight import Sight, with_own
from failover.control.sweep import Sweep
from failover.control.waking import Wake
from failover.decision import Duty
from failover.follow import follow
from failover.record import Join, Switch, Takeover
from failover.state import Database, Report
from kernel.ids import PairId

CALM_SECONDS = 0.1
HURRY_SECONDS = 0.01
"""While requests are held somebody waits for each step."""
FAILED_SECONDS = 0.1
STALE_SECONDS = 1.0
"""What was decided so long ago is dropped: whoever slept looks again."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Servant:
    """What an agent with a database has that the witness' has not."""

    database: LocalDatabase
    portals: PortalRows
    sweep: Sweep
    comparing: Comparing


class Agent:
    """One loop; see ``_turn``."""

    def __init__(
        self,
        *,
        pair: PairId,
        sight: Sight,
        publication: Publication,
        probes: Mapping[str, Probe],
        wake: Wake,
        servant: Servant | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.pair = pair
        self.wake = wake
        self.duty = Duty("the agent has just started" if servant else "the witness only watches")
        self.servant = servant
        self._sight = sight
        self._publication = publication
        self._probes = probes
        self._wall = wall
        self._commands = Deeds(self.wake)
        self._look: Look | None = None
        self._run = ""

    def hear(self, key: str) -> None:
        """Something changed in etcd; the own report and, mostly, the web nodes are no news."""
        is_node = key.startswith(keys.NODES.start)
        if key == keys.pair_key(self.pair) or (is_node and self._waits_for_nodes()):
            self.wake.ring()

    def compare(self) -> bool:
        """Compare the contents now, because an operator wants it; ``False`` if nothing is known yet."""
        if self.servant is None or self._look is None or self.pair not in self._look.records:
            return False
        self.servant.comparing.start(self._look.records[self.pair].pair.revision)
        return True

    async def run(self) -> None:
        """Do turn after turn, for ever."""
        while True:
            try:
                with TURN_SECONDS.labels("agent").time():
                    pause = await self._turn()
            except etcd.EtcdError as error:
                ETCD_FAILURES.labels("agent").inc()
                self.duty = Duty("etcd does not answer: the database stays as it is")
                _log.warning("agent: etcd does not answer", extra={"reason": str(error)})
                pause = FAILED_SECONDS
            await self.wake.sleep(pause)

    async def _turn(self) -> float:
        """Observe, report, look, follow; return how long to sleep."""
        account = await self._observe()
        look = self._look = await self._publish(account)
        if self.pair not in look.records:
            self._note(Duty("the record of the pair is not written yet"))
            return CALM_SECONDS
        if self.servant is not None and await self._serve(self.servant, look, account.report):
            return 0.0
        return HURRY_SECONDS if self._is_in_a_hurry(look) else CALM_SECONDS

    async def _observe(self) -> Account:
        """Ask the database, and the probes."""
        own = None if self.servant is None else await self._facts(self.servant)
        unseen = {site: probe.unseen_seconds for site, probe in self._probes.items()}
        report = Report(self._sight.site, self._wall(), own, unseen)
        if self.servant is None:
            return Account(report)
        summary, homes = self.servant.comparing.summary(), self.servant.sweep.homes
        return Account(report, summary, homes)

    async def _facts(self, servant: Servant) -> Database | None:
        own = await servant.database.observe()
        if own is None:
            return None
        if self._run != own.run:  # what was compared was another server
            self._run = own.run
            servant.comparing.stop()
        return replace(own, comparison=servant.comparing.result)

    async def _publish(self, account: Account) -> Look:
        """Publish and look, in one transaction, so that the own report is never older than the record."""
        hurries = self._look is not None and self._is_in_a_hurry(self._look)
        put = await self._publication.put(account, hurries=hurries)
        try:
            return await self._sight.look(put)
        except etcd.EtcdError:
            self._publication.lose()
            raise

    async def _serve(self, servant: Servant, look: Look, report: Report) -> bool:
        """Give the database one command, if it is needed; tell whether to look again at once."""
        self._note(follow(with_own(self._sight.snapshot(look, self.pair), report)))
        if self._sight.clock() > look.at + STALE_SECONDS:
            return True
        command = self._find_command(servant, look, report.database)
        return command is not None and await self._commands.do(self._obey(servant, command))

    async def _obey(self, servant: Servant, command: Command) -> bool:
        if isinstance(command, Compare):
            return await self._compare(servant, command)
        return await servant.database.obey(command)

    async def _compare(self, servant: Servant, command: Compare) -> bool:
        """Begin in the background, once the database has noted under which record."""
        comparing = servant.comparing
        if comparing.may_start(command.revision) and await servant.database.obey(command):
            comparing.start(command.revision)
        return False

    def _find_command(self, servant: Servant, look: Look, own: Database | None) -> Command | None:
        """Return what to do now; before a server joins, it gets the portal rows that it missed."""
        pair, command = look.records[self.pair].pair, self.duty.command
        if self._commands.is_busy:
            return None
        if isinstance(command, AwaitPeer) and isinstance(pair.move, Join) and own is not None:
            return command if servant.sweep.covers(pair.revision, own.run) else None
        return command

    def _note(self, duty: Duty) -> None:
        """Log what is new; a command is always told."""
        if duty.command is not None or duty.why != self.duty.why:
            _log.info(duty.why, extra={"pair": self.pair, "command": repr(duty.command)})
        self.duty = duty

    def _waits_for_nodes(self) -> bool:
        return self._look is not None and self._is_in_a_hurry(self._look)

    def _is_in_a_hurry(self, look: Look) -> bool:
        """Tell whether requests are held until this agent has done its part."""
        record = look.records.get(self.pair)
        return record is not None and isinstance(record.pair.move, Switch | Takeover)
