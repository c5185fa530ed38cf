"""The compatible REST methods beside the native calls that do the same, and a public client at full speed."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernel.settings import Settings
from loadtests.rounds import Comparison, Round, Target, compare

ROOT = Path(__file__).parents[1]
CLIENT = (
    ROOT / ".tools" / "clients" / "bin" / "python",
    ROOT / "tests" / "clients" / "drivers" / "fast_bitrix24_driver.py",
)
COMMANDS = 50
LEADS = 5_000
JSON = {"Content-Type": "application/json"}


def compared(node: str, headers: Mapping[str, str], hook: str, lead: int) -> Iterator[Comparison]:
    """Compare at one web node, past the balancers; ``hook`` is ``/rest/1/CODE/``."""
    host = {"Host": headers["Host"], **JSON}
    native = {**headers, **JSON}
    api = "/api/v1/crm/leads"

    def ours(method: str, parameters: Any) -> Target:
        return Target(node, f"{hook}{method}", "POST", host, json.dumps(parameters))

    def batch(command: str) -> Round:
        target = ours("batch", {"cmd": {f"c{n}": command for n in range(COMMANDS)}})
        return lambda: _times(COMMANDS, target.run())

    read = Target(node, f"{api}/{lead}", headers=headers).run
    create = Target(node, api, "POST", native, '{"title":"Лид"}').run
    listed = Target(node, f"{api}?limit=50", headers=headers).run
    page = {"order": {"ID": "DESC"}, "start": -1}
    yield compare("crm.lead.get", ours("crm.lead.get", {"id": lead}).run, read)
    yield compare("crm.lead.list", ours("crm.lead.list", page).run, listed)
    yield compare("crm.lead.list, counted", ours("crm.lead.list", {}).run, listed)
    yield compare("crm.lead.add", ours("crm.lead.add", {"fields": {"TITLE": "Лид"}}).run, create)
    yield compare("batch of 50 crm.lead.get", batch(f"crm.lead.get?id={lead}"), read)
    yield compare("batch of 50 crm.lead.add", batch("crm.lead.add?fields[TITLE]=x"), create)


def leads_a_second(settings: Settings, host: str, hook: str) -> float:
    """Let fast-bitrix24 make leads at the front door as fast as it can."""
    pace = {"request_pool_size": 10**6, "operating_time_limit": 10**9, "verbose": False}
    names = f"{settings.base_domain}={settings.door.address}"
    with subprocess.Popen(  # noqa: S603  # ours
        CLIENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PORTICO_NAMES": names, "PYTHONPATH": str(ROOT / "tests" / "clients" / "names")},
    ) as client:
        assert client.stdin is not None  # noqa: S101  # they are pipes
        assert client.stdout is not None  # noqa: S101
        webhook = f"http://{host}:{settings.door.http}{hook}"
        client.stdin.write(json.dumps({"webhook": webhook, **pace}) + "\n")
        seconds = 0.0
        for number in (COMMANDS, LEADS):  # the first time to warm up
            items = [{"fields": {"TITLE": f"Лид {n}"}} for n in range(number)]
            began = time.monotonic()
            order = {"call": "call", "with": ["crm.lead.add", items]}
            client.stdin.write(json.dumps(order) + "\n")
            client.stdin.flush()
            answer = json.loads(client.stdout.readline())
            seconds = time.monotonic() - began
            assert len(answer["result"]) == number, answer  # noqa: S101
        client.stdin.close()
    return LEADS / seconds


def _times(number: int, figures: Mapping[str, float]) -> Mapping[str, float]:
    """Count commands instead of requests; times stay those of a whole batch."""
    return {**figures, "requests": figures["requests"] * number}
