"""``python -m worker``: one worker of one datacentre."""

import os

from kernel import secrets, settings
from telemetry import logs
from web import server
from worker import app


def main() -> None:
    """Work until SIGTERM."""
    site, node = os.environ["PORTICO_SITE"], os.environ["PORTICO_NODE"]
    logs.configure("worker", site, node)
    configuration = settings.load()
    application = app.create(
        configuration, secrets.load(configuration.secrets_dir, "worker"), site, node
    )
    server.run(application, configuration.site(site).address, configuration.ports.worker)


if __name__ == "__main__":
    main()
