"""What the supervisor runs in the place of mariadbd: finds out how to start it, and becomes it."""

import asyncio
import logging
import os
import time

import etcd
from etcd import documents
from failover.database.process import (
    PROGRAM,
    REVISION_OPTION,
    START_AS_REPLICA,
    config_option,
    pid_file,
)
from failover.database.starting import Start, Wait, how_to_start
from failover.record import Pair
from failover.wire import pair_from_json
from kernel import settings as installation
from kernel.settings import Settings
from telemetry import logs

LOOK_SECONDS = 0.2
SAY_SECONDS = 5.0

log = logging.getLogger(__name__)


def main() -> None:
    """Wait for the word to start, then become the server."""
    site = os.environ["PORTICO_SITE"]
    logs.configure("mariadb", site, os.environ["PORTICO_NODE"])
    settings = installation.load()
    start = asyncio.run(wait(settings, site))
    log.info("the database starts", extra={"why": start.why, "as_replica": start.as_replica})
    command = command_line(settings, site, start)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


async def wait(settings: Settings, site: str) -> Start:
    """Look at the record until it says how to start, and say why it does not, now and then."""
    was_shut_down = not pid_file(settings, site).exists()
    step: Start | Wait
    readable_at: float | None = None
    said_at = -SAY_SECONDS
    async with etcd.connect(settings.etcd_urls) as client:
        while True:
            now = time.monotonic()
            try:
                pair = await find_record(client, settings, site)
            except etcd.EtcdError as error:
                # nobody decides anything meanwhile, so this is no waiting for a decision
                readable_at, step = None, Wait(f"no majority of etcd answers: {error}")
            else:
                readable_at = readable_at or now
                waited = now - readable_at
                step = how_to_start(pair, site, was_shut_down=was_shut_down, waited_seconds=waited)
            if isinstance(step, Start):
                return step
            if now - said_at >= SAY_SECONDS:
                said_at = now
                log.warning("the database waits", extra={"why": step.why})
            await asyncio.sleep(LOOK_SECONDS)


async def find_record(client: etcd.Client, settings: Settings, site: str) -> Pair | None:
    """Return the record of the site's pair as a majority of etcd has it."""
    (pair,) = (pair for pair in settings.pairs if site in pair.sites)
    found = await documents.find(client, f"pair/{pair.id}")
    return None if found is None else pair_from_json(found.content, found.revision)


def command_line(settings: Settings, site: str, start: Start) -> tuple[str, ...]:
    """Return the words that start the server; its own file has all that does not change."""
    plain = (PROGRAM, config_option(settings, site))
    if start.as_replica is None:
        return plain
    role = (START_AS_REPLICA,) if start.forgets else ()
    safely = ("--read-only=1", "--rpl-semi-sync-master-enabled=OFF", "--skip-slave-start")
    return (*plain, *role, *safely, f"{REVISION_OPTION}{start.as_replica}")


if __name__ == "__main__":
    main()
