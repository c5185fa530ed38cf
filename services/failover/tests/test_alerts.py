"""One fault pages once, in Prometheus too: promtool runs the rules over what the services expose."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from failover import problems
from failover.problems import Problem, Urgency
from failover.record import Join, Rejoin, Step
from failover.state import Snapshot

from .observations import PEACE, WITNESS, A, B, a_database, seeing
from .test_problems import AWAY, SEEN, SILENT, SPLIT

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "alerts"
SITES = (A, B, WITNESS)
PAIRS = 3
STEP_SECONDS = 5
PEACE_SECONDS = 60
TROUBLE_SECONDS = 600
PROCESSES = {A: 8, B: 8, WITNESS: 6}

Json = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What goes wrong: what the services see, for how long each, and who is out of Prometheus' sight."""

    page: str | None
    moments: Sequence[tuple[int, Snapshot]]
    unseen: tuple[str, ...] = ()
    cut_off: tuple[str, ...] = ()
    """Sites whose service sees no majority of etcd."""


def lasting(page: str | None, seen: Snapshot, **changes: Any) -> Fault:
    """Return a fault that looks the same from beginning to end."""
    return Fault(page, ((TROUBLE_SECONDS, seen),), **changes)


DEAD_A = seeing(dead=(A,), missing=(A,))
CUT = seeing(a=a_database(A, **SILENT), b=a_database(B, **SILENT))
TAKEN = seeing(AWAY, dead=(A,), missing=(A,))
STOPPED = replace(AWAY, move=Rejoin(A, Step.CATCH_UP))
FAULTS: Mapping[str, Fault] = {
    "a datacentre dies, first it looks like a cut link, then its peer has taken over": Fault(
        "DatacentreDead", ((5, CUT), (5, DEAD_A), (590, TAKEN)), unseen=(A,)
    ),
    "a datacentre dies while the pair is split": lasting(
        "TakeoverRefused", seeing(SPLIT, dead=(A,), missing=(A,)), unseen=(A,)
    ),
    "a master dies and is taken over from": Fault(
        "MasterDead", ((5, seeing(dead=(A,))), (595, seeing(AWAY, dead=(A,))))
    ),
    "a master is killed, taken over from, and back within seconds": Fault(
        None,
        ((5, seeing(dead=(A,))), (20, SEEN["away"]), (575, seeing(replace(PEACE, move=Join())))),
    ),
    "the link is cut, the pair splits": Fault(
        "LinkCut", ((5, CUT), (595, replace(CUT, pair=SPLIT)))
    ),
    "the link is healed, the pair stays split": lasting(None, seeing(SPLIT)),
    "a datacentre is cut off from everybody but Prometheus": Fault(
        "DatacentreDead", ((5, CUT), (595, TAKEN)), cut_off=(A,)
    ),
    "etcd loses its majority": lasting("EtcdWithoutMajority", seeing(None), cut_off=SITES),
    "the witness dies": lasting(None, seeing(missing=(WITNESS,)), unseen=(WITNESS,)),
    "all failover services die": lasting("FailoverSilent", seeing(), unseen=SITES),
    "the returning datacentre differs": Fault(
        "RejoinStopped", ((60, seeing(AWAY)), (540, SEEN["rejoin-stopped"]))
    ),
    "Prometheus alone does not see a datacentre": lasting(None, seeing(), unseen=(A,)),
    "nothing is wrong": lasting(None, seeing()),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_pages_exactly_once(name: str, tmp_path: Path) -> None:
    check(tmp_path, FAULTS[name])


@pytest.mark.parametrize("code", [code for code in SEEN if code != problems.ETCD_LOST.code])
def test_each_problem_that_pages_has_its_one_alert(code: str, tmp_path: Path) -> None:
    seen = SEEN[code]
    pages = [p.code for p in problems.find(seen) if p.urgency is Urgency.PAGE]
    names = [alert["alert"] for alert in alerts() if f'"{code}"' in alert["expr"]]

    check(tmp_path, lasting(names[0] if pages else None, seen))


def test_the_other_alerts_do_what_their_own_tests_say() -> None:
    promtool("test", "rules", RULES.parent / "alerts.test.yml")


def test_each_problem_has_an_alert_of_its_urgency() -> None:
    for problem in problems.PROBLEMS:
        found = [alert for alert in alerts() if is_about(alert, problem)]
        severities = {alert["labels"]["severity"] for alert in found}
        wanted = "page" if problem.urgency is Urgency.PAGE else "ticket"
        # that a takeover was lately is no trouble: it only says why there is no other
        assert severities == (set() if problem.code == "anti-flap" else {wanted}), problem.code


def test_each_alert_tells_what_and_what_to_do() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in {"page", "ticket", "none"}
        assert alert["annotations"]["summary"]
        assert (ROOT / alert["annotations"]["runbook"]).is_file(), alert["alert"]


def is_about(alert: Json, problem: Problem) -> bool:
    """Tell whether the first selector of the alert names the problem."""
    first = alert["expr"].partition("unless")[0]
    codes = first.partition('"')[2].partition('"')[0].split("|")
    return "code:failover_problem:pairs" in first and problem.code in codes


def alerts() -> list[Json]:
    """Return every alert of every file."""
    return [
        rule
        for file in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


def check(folder: Path, fault: Fault) -> None:
    """Let promtool run the rules: of all pages that ever fired there is one, the expected one."""
    end = PEACE_SECONDS + sum(seconds for seconds, _ in fault.moments)
    firing = 'ALERTS{alertstate="firing", severity="page"}'
    fired = f"group by (alertname) (max_over_time({firing}[{end}s]))"
    samples = (
        [] if fault.page is None else [{"labels": f'{{alertname="{fault.page}"}}', "value": 1}]
    )
    test = {
        "interval": f"{STEP_SECONDS}s",
        "input_series": list(series(fault)),
        "promql_expr_test": [
            {"expr": fired, "eval_time": f"{PEACE_SECONDS - STEP_SECONDS}s"},
            {"expr": fired, "eval_time": f"{end - STEP_SECONDS}s", "exp_samples": samples},
        ],
    }
    file = folder / "test.yml"
    rules = [str(rule) for rule in RULES.glob("*.yml")]
    whole = {"rule_files": rules, "evaluation_interval": f"{STEP_SECONDS}s", "tests": [test]}
    file.write_text(json.dumps(whole))
    promtool("test", "rules", file)


def promtool(*words: str | Path) -> None:
    command = ("promtool", *words)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stdout + done.stderr


def series(fault: Fault) -> Iterator[Json]:
    """Yield what Prometheus scrapes: from peace into the fault."""
    for site in SITES:
        yield from processes(fault, site)
        labels = f'dc="{site}", instance="{site}:17004", job="failover", process="failover"'
        yield timeline(fault, site, f"up{{{labels}}}", lambda _: 1, gone=0)
        has_majority = int(site not in fault.cut_off)
        for name in ("failover_etcd_has_majority", "failover_knows_leader"):
            yield timeline(
                fault, site, f"{name}{{{labels}}}", lambda _, it=has_majority: it, before=1
            )
        for problem in problems.PROBLEMS:
            for pair in range(PAIRS):
                yield timeline(
                    fault,
                    site,
                    f'failover_problem{{{labels}, pair="{pair}", code="{problem.code}"}}',
                    lambda seen, problem=problem: int(problem in problems.find(seen)),
                    before=0,
                )


def processes(fault: Fault, site: str) -> Iterator[Json]:
    """Yield the other processes of a site, etcd among them."""
    for number in range(PROCESSES[site]):
        job = "etcd" if number == 0 else f"process{number}"
        labels = f'dc="{site}", instance="{site}:{number}", job="{job}", process="{job}"'
        yield timeline(fault, site, f"up{{{labels}}}", lambda _: 1, gone=0)


def timeline(
    fault: Fault,
    site: str,
    name: str,
    value: Any,
    *,
    before: int = 1,
    gone: int | None = None,
) -> Json:
    """Return one series; what is out of sight is stale, except that it is not up."""
    values = [f"{before}x{PEACE_SECONDS // STEP_SECONDS - 1}"]
    for seconds, seen in fault.moments:
        steps = seconds // STEP_SECONDS - 1
        if site in fault.unseen:
            values.append(f"stale _x{steps}" if gone is None else f"{gone}x{steps}")
        else:
            values.append(f"{value(seen)}x{steps}")
    return {"series": name, "values": " ".join(values)}
