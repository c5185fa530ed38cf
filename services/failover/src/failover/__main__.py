"""``python -m failover``: serve the site of ``PORTICO_SITE``."""

import os

import kernel.secrets
import kernel.settings
import web.server
from failover.service.app import create_app
from telemetry import logs


def main() -> None:
    """Read settings and secrets, and serve until SIGTERM."""
    settings = kernel.settings.load()
    site = os.environ["PORTICO_SITE"]
    logs.configure("failover", site, os.environ.get("PORTICO_NODE", "failover"))
    secrets = kernel.secrets.load(settings.secrets_dir, "failover")
    app = create_app(settings, site, secrets)
    web.server.run(app, settings.site(site).address, settings.ports.failover)


if __name__ == "__main__":
    main()
