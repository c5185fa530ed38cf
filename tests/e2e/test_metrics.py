"""What is measured does not grow with the number of portals."""

import asyncio
from collections import Counter
from collections.abc import Set as AbstractSet

import httpx
from prometheus_client.parser import text_string_to_metric_families

from cluster.layout import Layout
from cluster.programs import all_programs
from kernel.settings import Settings
from testkit.checkout import ROOT
from testkit.portals import SignUp, TestPortal, node_urls

PORTALS = 4
WITHIN = ("le", "quantile")  # parts of one measure
Series = tuple[str, frozenset[tuple[str, str]]]


async def series(settings: Settings) -> AbstractSet[Series]:
    """Return what any process of the installation measures; a histogram counts once."""
    programs = [p for p in all_programs(Layout(settings, ROOT)) if p.metrics]
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        pages = await asyncio.gather(*(client.get(f"http://{p.metrics}/metrics") for p in programs))
    return {
        (
            f"{program.full_name} {family.name}",
            frozenset(label for label in sample.labels.items() if label[0] not in WITHIN),
        )
        for program, page in zip(programs, pages, strict=True)
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


async def use(settings: Settings, portal: TestPortal) -> None:
    """Do the same with each portal, at every web node."""
    for site in settings.datacentres:
        for url in node_urls(settings, site.name):
            async with portal.at(url) as node:
                await node.post("/api/v1/crm/leads", json={"title": "Zähler"})
                for path in ("changes", "nothing-here"):
                    await node.get(f"/api/v1/{path}")


async def test_no_series_belongs_to_a_portal(settings: Settings, new_portal: SignUp) -> None:
    first = [await new_portal(region=region) for region in ("ru", "eu")]
    for portal in first:
        await use(settings, portal)
    before = await series(settings)
    more = [await new_portal(region=("ru", "eu")[n % 2]) for n in range(PORTALS)]
    for portal in more:
        await use(settings, portal)
    after = await series(settings)

    names = {word for p in (*first, *more) for word in (str(p.id), p.label, p.host, p.email)}
    told = {(name, value) for name, labels in after for _, value in labels}
    assert not [(name, value) for name, value in told if any(word in value for word in names)]
    # now and then something happens for the first time, but not once for each portal
    grown = Counter(name for name, _ in {(n, _kind(labels)) for n, labels in after - before})
    assert not [name for name, times in grown.items() if times >= PORTALS]


def _kind(labels: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Leave out what tells the series of one histogram apart."""
    return frozenset((name, value) for name, value in labels if name != "le")
