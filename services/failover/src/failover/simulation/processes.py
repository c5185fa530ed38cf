"""Agents and controllers: they look, decide with the real code, and act, now or after a long sleep."""

from typing_extensions import override

from failover.actions import ChangeRecord, Command, Compare, Resign, RestartSafely
from failover.decide import decide
from failover.decision import Decision
from failover.follow import follow
from failover.record import Pair
from failover.simulation.network import TICK, WITNESS
from failover.simulation.world import World
from failover.state import Report, Snapshot

FOREVER = 1e9


class Process:
    """What agents and controllers share: a site, a clock of their own, how old each report is."""

    def __init__(self, world: World, site: str) -> None:
        self.world = world
        self.site = site
        self.is_running = True
        self.clock_error = 0.0
        self.known: dict[str, tuple[Report, float]] = {}

    def forget(self) -> None:
        """Be killed and started again: nothing in memory matters."""
        self.known, self.is_running = {}, True

    def look(self, leads_seconds: float = 0.0) -> Snapshot:
        """Read etcd. A report's age counts from the moment this process saw it change."""
        world = self.world
        now, reports, ages = world.now, {}, {}
        for site, (report, until) in world.store.reports.items():
            if now > until:
                continue
            reports[site] = report
            known = self.known.get(site)
            if known is None or known[0] is not report:
                # the first one seen may be of any age; only a change proves that its writer lives
                known = self.known[site] = (report, now if known is not None else -FOREVER)
            ages[site] = now - known[1]
        return Snapshot(
            observer=self.site,
            witness=WITNESS,
            wall=now + self.clock_error,
            leads_seconds=leads_seconds,
            pair=world.store.pair,
            reports=reports,
            ages=ages,
            nodes_behind=world.nodes_behind(),
        )

    def falls_asleep(self) -> bool:
        """Toss a coin between deciding and acting."""
        return self.world.random() < self.world.sleepiness


class Agent(Process):
    """Reports, and makes its database follow. The witness' agent has no database and only reports."""

    postponed: Command | None = None

    @override
    def forget(self) -> None:
        super().forget()
        self.postponed = None

    def step(self) -> None:
        """Act on what was postponed, or look, report and act once or twice."""
        if not self.is_running:
            return
        if self.postponed is not None:
            command, self.postponed = self.postponed, None
            self.act(command)
            return
        while self.site in self.world.network.majority:
            self.report()
            if self.site == WITNESS:
                return
            duty = follow(self.look())
            self.world.tell(self.site, duty.why, duty.command)
            if duty.command is None:
                return
            if self.falls_asleep():
                self.postponed = duty.command
                return
            self.act(duty.command)
            if self.world.random() < 0.3:
                return

    def report(self) -> None:
        """Publish what the own database says and who is out of sight."""
        world, network = self.world, self.world.network
        own = world.databases.get(self.site)
        facts = None
        if own is not None and own.answers:
            since, heard = network.silent_since[self.site], network.heard_since[self.site]
            facts = own.facts(0.0 if since is None else world.now - since + TICK, world.now - heard)
        unseen = network.unseen_seconds(self.site, world.now)
        wall = world.now + self.clock_error
        report = Report(self.site, wall, facts, unseen)
        world.store.publish(report, world.now)
        self.known[self.site] = (report, world.now)

    def act(self, command: Command) -> None:
        """Give the database one command."""
        world, own = self.world, self.world.databases[self.site]
        if isinstance(command, RestartSafely):
            self.restart(command)
        elif isinstance(command, Compare):
            peer = world.databases[own.peer]
            if own.obey(command) and peer.answers and world.network.joins(own.site, own.peer):
                own.compare(peer, command)
                world.compared(own)
        else:
            self.send(command)

    def restart(self, command: RestartSafely) -> None:
        """Start it as a replica; a running server is asked first whether it has obeyed newer ones."""
        own = self.world.databases[self.site]
        if own.answers and not own.accepts(command):
            return
        if self.world.store.pair.revision != command.revision:
            return
        self.world.kill(own)
        own.start(safely=True)
        own.obeyed = max(own.obeyed, command.revision)
        self.world.checker.forced.discard(own.site)
        self.world.changed()

    def send(self, command: Command) -> None:
        """Send it, and let the checker see what it did."""
        own = self.world.databases[self.site]
        before = own.fences
        if own.obey(command):
            self.world.commanded(own, before)


class Controller(Process):
    """One candidate per site; whoever holds the leader's key changes the record."""

    postponed: ChangeRecord | Resign | None = None
    usurps = False
    """Believes to lead whatever etcd says, and its transactions do not compare the leader's key."""

    @override
    def forget(self) -> None:
        super().forget()
        self.postponed = None

    def step(self) -> None:
        """Finish what was postponed, or campaign, look, decide, change the record."""
        world = self.world
        if not self.is_running or self.site not in world.network.majority:
            return
        action, self.postponed = self.postponed, None
        if action is None:
            if not world.store.campaign(self.site, world.now) and not self.usurps:
                return
            action = self.decide().action
            if self.falls_asleep():
                self.postponed = action
                return
        if isinstance(action, ChangeRecord):
            self.change(action)
        elif action is not None:
            world.store.leads_until = 0.0

    def decide(self) -> Decision:
        """Look and decide."""
        decision = decide(self.look(leads_seconds=1.0))
        self.world.tell("controller", decision.why, decision.action)
        return decision

    def change(self, action: ChangeRecord) -> None:
        """Compare and set, the leader's key included."""
        world = self.world
        if not self.usurps and not world.store.leads(self.site, world.now):
            return
        before: Pair = world.store.pair
        if world.store.change(action.after, action.revision):
            world.recorded(before)
