"""Plays the acts one after the other."""

import contextlib
import sys

from console.demo import acts, loss
from console.demo.promises import Promises
from console.demo.sabotage import Saboteur
from console.installation import Installation


async def play(installation: Installation) -> Promises:
    """Run the demo on a running cluster; return the verdicts."""
    settings, promises, saboteur = installation.settings, Promises(), Saboteur(installation)
    _say("two companies sign up")
    russian, german = await acts.companies(settings, promises)
    async with contextlib.AsyncExitStack() as stack:
        for company in (russian, german):
            await stack.enter_async_context(company.client)
        _say("they import their leads")
        await acts.leads(russian, german, promises)
        _say("files go up and come back")
        await acts.files(russian, promises)
        _say("a look into both databases")
        await acts.databases(settings, saboteur, (russian, german), promises)
        _say("keys and tokens on the wrong portal")
        await acts.isolation(settings, saboteur, russian, german, promises)
        _say("harm under load: a node killed, caches flushed, routing and etcd stopped")
        await acts.harm(saboteur, russian, promises)
        if len(settings.datacentres) > 1:
            _say(f"everything in {german.home_dc} is killed under load, and comes back")
            await loss.play(installation, saboteur, german, promises)
    return promises


def _say(line: str) -> None:
    print(f"... {line}", file=sys.stderr, flush=True)
