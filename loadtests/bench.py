"""``make bench``: each request of the product beside its floor, in one run.

The floor of leads is ``loadtests.floor``: both sides are asked directly, past the balancers, by wrk.
The floor of files is the object store itself; there ours is asked at the front door (``loadtests.files``).
The floor of the compatible REST methods is the native API (``loadtests.rest``).
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from console.demo.acts import stolen_account
from console.demo.company import Company, sign_up
from console.demo.sabotage import Saboteur
from console.installation import Installation, find
from console.routing import Routing
from kernel.settings import Settings
from loadtests import files, rest
from loadtests.files import MIB
from loadtests.rounds import Comparison, Target, compare
from testkit.plans import lift_limits

FLOOR_PORT = 17099
LEADS = 200
AIMS = {
    "read a lead": 0.6,
    "create a lead": 0.7,
    "1 MiB up": 0.8,
    "1 MiB down": 0.8,
    "crm.lead.list": 0.8,
    "crm.lead.add": 0.8,
    "batch of 50 crm.lead.get": 0.8,
    "batch of 50 crm.lead.add": 0.8,
}


async def prepared(settings: Settings) -> tuple[Company, int, int]:
    """A company with leads and a file; returns it, a lead and the file."""
    company = await sign_up(settings, "Bench", "ru")
    for number in range(LEADS):
        lead = await company.ask("POST", "/crm/leads", json={"title": f"Лид {number}"})
    file = await company.upload("bench.bin", b"portico.", MIB)
    return company, lead["id"], file["id"]


def leads(company: Company, node: str, floor: str, lead: int) -> Iterator[Comparison]:
    """Compare what is done with leads."""
    headers = _headers(company)
    body = '{"title":"Лид"}'
    posted = {**headers, "Content-Type": "application/json"}
    api = "/api/v1/crm/leads"
    pairs = (
        (
            "read a lead",
            Target(node, f"{api}/{lead}", headers=headers),
            Target(floor, f"/leads/{lead}"),
        ),
        ("list 50 leads", Target(node, api, headers=headers), Target(floor, "/leads")),
        (
            "create a lead",
            Target(node, api, "POST", posted, body),
            Target(floor, "/leads", "POST", {"Content-Type": "application/json"}, body),
        ),
    )
    for name, ours, bare in pairs:
        yield compare(name, ours.run, bare.run)


def integrations(
    settings: Settings, company: Company, node: str, lead: int
) -> Iterator[Comparison]:
    """Compare what integrations do with what the native API does, without the limits of a plan."""
    lift_limits(settings, int(company.id), company.home_dc)
    door = f"http://{settings.door.address}:{settings.door.http}"
    headers = _headers(company)
    made = httpx.post(f"{door}/api/v1/webhooks", json={"scopes": ["crm"]}, headers=headers)
    hook = httpx.URL(made.raise_for_status().json()["url"]).path
    yield from rest.compared(node, headers, hook, lead)
    pace = rest.leads_a_second(settings, headers["Host"], hook)
    print(f"fast-bitrix24 makes {pace:.0f} leads a second through the front door", file=sys.stderr)


@contextmanager
def floor_running(
    settings: Settings, company: Company, route: dict[str, Any], user: int
) -> Iterator[str]:
    """Run the floor beside the cluster; yields its address."""
    arguments = (company.home_dc, FLOOR_PORT, company.id, route["term"], route["epoch"], user)
    command = [sys.executable, "-m", "loadtests.floor", *map(str, arguments)]
    process = subprocess.Popen(command, env=dict(os.environ))  # noqa: S603  # our own command
    url = f"http://{settings.site(company.home_dc).address}:{FLOOR_PORT}"
    try:
        _wait_until_answers(f"{url}/openapi.json")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_answers(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx.get(url, timeout=1)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _headers(company: Company) -> dict[str, str]:
    return {"Host": company.client.headers["host"], "Authorization": f"Bearer {company.token}"}


def run(installation: Installation, only: str) -> list[Comparison]:
    """Measure everything whose name contains ``only``."""
    settings, saboteur = installation.settings, Saboteur(installation)
    company, lead, file = asyncio.run(_with_client(settings))
    route = Routing(installation).find_route(company.label)
    assert route is not None  # noqa: S101  # it has just signed up
    node = f"http://{settings.site(company.home_dc).address}:{settings.ports.portal}"
    users = saboteur.query(company.home_dc, "SELECT id FROM users WHERE portal_id = %s", company.id)
    user = int(users[0][0])
    made: list[Comparison] = []
    with floor_running(settings, company, route, user) as floor:
        if only in "leads":
            made += leads(company, node, floor, lead)
    if only in "rest":
        made += integrations(settings, company, node, lead)
    if only in "files":
        account = stolen_account(settings, saboteur, company)
        links = asyncio.run(files.links(settings, account))
        made += files.compared(settings, _headers(company), file, *links)
    return made


async def _with_client(settings: Settings) -> tuple[Company, int, int]:
    company, lead, file = await prepared(settings)
    await company.client.aclose()
    return company, lead, file


def render(comparisons: list[Comparison]) -> str:
    """Return a Markdown table."""
    lines = [
        "| request | ours /s | p50 / p99 ms | floor /s | p50 / p99 ms | ratio | aim |",
        "|---|---|---|---|---|---|---|",
    ]
    for c in comparisons:
        ours, floor, aim = c.ours, c.floor, AIMS.get(c.name)
        lines.append(
            f"| {c.name} | {ours.per_second:.0f} | {ours.p50_ms:.1f} / {ours.p99_ms:.1f} "
            f"| {floor.per_second:.0f} | {floor.p50_ms:.1f} / {floor.p99_ms:.1f} "
            f"| {c.ratio:.2f} | {f'≥ {aim}' if aim else '-'} |"
        )
        if ours.failed or floor.failed:
            lines.append(f"| failed: ours {ours.failed}, floor {floor.failed} | | | | | | |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="leads, rest or files")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    comparisons = run(find(), options.only)
    if options.json:
        figures = [{"name": c.name, "ratio": c.ratio} for c in comparisons]
        print(json.dumps(figures))  # what it is for
    else:
        print(render(comparisons))  # what it is for


if __name__ == "__main__":
    main()
